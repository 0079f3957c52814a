"""What Elastic Load Balancing accepts, and what of it the local cloud emulates; every refusal is an `ApiError`."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document

from . import defaults

_HEALTH_RANGES = {
    "HealthCheckIntervalSeconds": (5, 300),
    "HealthCheckTimeoutSeconds": (2, 120),
    "HealthyThresholdCount": (2, 10),
    "UnhealthyThresholdCount": (2, 10),
}
_STATUSES = range(200, 500)
_WEIGHTS = range(1000)
_PORTS = range(1, 65536)
_MOST_GROUPS = 5
_MOST_CONDITION_VALUES = 5
_CONTENT_TYPES = {"text/plain", "text/css", "text/html", "application/javascript", "application/json"}
_CONDITIONS = {"path-pattern": "PathPatternConfig", "host-header": "HostHeaderConfig"}
_MOST_DELAY_SECONDS = 3600


def invalid(message: str, code: str = "ValidationError") -> ApiError:
    """Return the refusal of a malformed request."""
    return ApiError(code, message)


def not_emulated(what: str) -> ApiError:
    """Return the refusal of something that AWS offers and the local cloud does not: better than pretending."""
    return ApiError("UnsupportedOperation", f"the local cloud does not emulate {what}")


def name(value: str, kind: str) -> None:
    """Check the name of a load balancer or target group."""
    if not re.fullmatch(r"(?!-)[A-Za-z0-9-]{1,32}(?<!-)", value):
        raise invalid(
            f"{kind} name '{value}' must be 1-32 letters, digits and hyphens, and not begin or end with a hyphen"
        )
    if kind == "Load balancer" and value.startswith("internal-"):
        raise invalid("Load balancer name cannot begin with 'internal-'")


def port(value: int) -> None:
    """Check a port."""
    if value not in _PORTS:
        raise invalid(f"Port '{value}' must be 1-65535")


def health_check(settings: Document) -> None:
    """Check a target group's health check."""
    for key, (least, most) in _HEALTH_RANGES.items():
        if not least <= settings[key] <= most:
            raise invalid(f"{key} '{settings[key]}' must be {least}-{most}")
    timeout, interval = settings["HealthCheckTimeoutSeconds"], settings["HealthCheckIntervalSeconds"]
    if timeout >= interval:
        raise invalid(f"Health check timeout '{timeout}' must be smaller than the interval '{interval}'")
    if not settings["HealthCheckPath"].startswith("/"):
        raise invalid(f"Health check path '{settings['HealthCheckPath']}' must begin with a '/' character")
    if settings["HealthCheckProtocol"] not in {"HTTP", "HTTPS"}:
        raise invalid(f"Health check protocol '{settings['HealthCheckProtocol']}' must be HTTP or HTTPS")
    if not settings["HealthCheckEnabled"]:
        raise invalid("Health check enabled must be true for target groups with target type 'ip'")
    if settings["HealthCheckPort"] != "traffic-port":
        if not settings["HealthCheckPort"].isdecimal():
            raise invalid(f"Health check port '{settings['HealthCheckPort']}' must be 'traffic-port' or a number")
        port(int(settings["HealthCheckPort"]))
    _matcher(settings["Matcher"])


def _matcher(matcher: Document) -> None:
    code = matcher.get("HttpCode", "")
    if not re.fullmatch(r"\d{3}(-\d{3})?(,\d{3}(-\d{3})?)*", code):
        raise invalid(f"Health check matcher HTTP code '{code}' must be like '200', '200,204' or '200-299'")
    if any(int(status) not in _STATUSES for status in re.findall(r"\d{3}", code)):
        raise invalid(f"Health check matcher HTTP code '{code}' must be within '200-499'")


def attributes(changes: Iterable[Document], known: Mapping[str, str], kind: str) -> dict[str, str]:
    """Check changes of attributes and return them by key."""
    changed = {change["Key"]: str(change.get("Value", "")) for change in changes}
    for key, value in changed.items():
        if key not in known:
            raise invalid(f"{kind} attribute key '{key}' is not recognized")
        if value != defaults.NOT_EMULATED.get(key, value):
            raise not_emulated(f"{key} = {value}")
    delay = changed.get("deregistration_delay.timeout_seconds", "0")
    if not delay.isdecimal() or int(delay) > _MOST_DELAY_SECONDS:
        raise invalid(f"deregistration_delay.timeout_seconds '{delay}' must be 0-{_MOST_DELAY_SECONDS}")
    algorithm = changed.get("load_balancing.algorithm.type", "round_robin")
    if algorithm not in {"round_robin", "least_outstanding_requests", "weighted_random"}:
        raise invalid(f"load_balancing.algorithm.type '{algorithm}' is not recognized")
    return changed


def listener_attributes(changes: Iterable[Document]) -> dict[str, str]:
    """Check changes of a listener's attributes and return them; one without a value takes the attribute back.

    Raises:
        ApiError: InvalidConfigurationRequest for an attribute or a value that AWS does not have;
            UnsupportedOperation for one that renames a header of requests.
    """
    changed = {change["Key"]: change.get("Value") or "" for change in changes}
    renamed = [key for key, value in changed.items() if key.startswith("routing.http.request.") and value]
    if renamed:
        raise not_emulated(f"the listener attributes {', '.join(renamed)}")
    known = {key: value for key, value in changed.items() if not key.startswith("routing.http.request.")}
    for key, value in known.items():
        allowed = defaults.RESPONSE_VALUES.get(key, ".*")
        if key not in defaults.LISTENER:
            raise invalid(f"Listener attribute key '{key}' is not recognized", "InvalidConfigurationRequest")
        if value and not re.fullmatch(allowed, value):
            message = f"Listener attribute value for key '{key}' must match {allowed}, got '{value}'"
            raise invalid(message, "InvalidConfigurationRequest")
    return {key: value or defaults.LISTENER[key] for key, value in known.items()}


def actions(requested: list[Document], target_groups: Mapping[str, Any]) -> list[Document]:
    """Check a listener's or rule's actions and return them as they are described afterwards.

    Args:
        requested: The actions.
        target_groups: The target groups that exist, by ARN.
    """
    if len(requested) != 1 or requested[0]["Type"].startswith(("authenticate", "jwt")):
        raise not_emulated("more than one action, or actions that authenticate")
    action = requested[0]
    match action["Type"]:
        case "forward":
            return [_forward(action, target_groups)]
        case "redirect" if "RedirectConfig" in action:
            return [{"Type": "redirect", "Order": 1, "RedirectConfig": _redirect(action["RedirectConfig"])}]
        case "fixed-response" if "FixedResponseConfig" in action:
            config = action["FixedResponseConfig"]
            _fixed_response(config)
            return [{"Type": "fixed-response", "Order": 1, "FixedResponseConfig": config}]
    raise invalid(f"Action type '{action['Type']}' is unknown or lacks its configuration")


def _forward(action: Document, target_groups: Mapping[str, Any]) -> Document:
    config = action.get("ForwardConfig", {})
    tuples = config.get("TargetGroups") or [{"TargetGroupArn": action.get("TargetGroupArn")}]
    groups = [{"TargetGroupArn": entry.get("TargetGroupArn"), "Weight": entry.get("Weight", 1)} for entry in tuples]
    arns = [group["TargetGroupArn"] for group in groups]
    if None in arns:
        raise invalid("A target group ARN must be specified")
    if len(arns) > _MOST_GROUPS or len(set(arns)) < len(arns):
        raise invalid(f"A forward action must name 1-{_MOST_GROUPS} different target groups, got {len(arns)}")
    if "ForwardConfig" in action and action.get("TargetGroupArn", arns[0]) not in arns:
        raise invalid("TargetGroupArn and ForwardConfig must name the same target group")
    for group in groups:
        if group["TargetGroupArn"] not in target_groups:
            raise ApiError("TargetGroupNotFound", f"Target groups '{group['TargetGroupArn']}' not found")
        if group["Weight"] not in _WEIGHTS:
            raise invalid(f"Weight '{group['Weight']}' must be between 0 and 999")
    if config.get("TargetGroupStickinessConfig", {}).get("Enabled"):
        raise not_emulated("target group stickiness")
    described = {
        "Type": "forward",
        "Order": 1,
        "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": False}},
    }
    # AWS repeats the ARN outside when there is only one.
    return described | ({"TargetGroupArn": arns[0]} if len(arns) == 1 else {})


def _redirect(config: Document) -> Document:
    full = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
    full |= config
    if full["StatusCode"] not in {"HTTP_301", "HTTP_302"}:
        raise invalid(f"Redirect status code '{full['StatusCode']}' must be HTTP_301 or HTTP_302")
    if full["Protocol"] not in {"HTTP", "HTTPS", "#{protocol}"}:
        raise invalid(f"Redirect protocol '{full['Protocol']}' must be HTTP, HTTPS or #{{protocol}}")
    if not full["Port"].isdecimal() and full["Port"] != "#{port}":
        raise invalid(f"Redirect port '{full['Port']}' must be 1-65535 or #{{port}}")
    if full["Path"] != "/#{path}" or full["Query"] != "#{query}":
        raise not_emulated("redirects that change the path or the query")
    if full["Host"] != "#{host}" and not re.fullmatch(r"[A-Za-z0-9.-]+", full["Host"]):
        raise not_emulated(f"a redirect to the host '{full['Host']}'")
    if (full["Protocol"], full["Host"], full["Port"]) == ("#{protocol}", "#{host}", "#{port}"):
        raise invalid("A redirect must change the protocol, the host, the port or the path, or it never ends")
    return full


def _fixed_response(config: Document) -> None:
    if not re.fullmatch(r"[245]\d\d", config["StatusCode"]):
        raise invalid(f"Fixed response status code '{config['StatusCode']}' must be 2XX, 4XX or 5XX")
    if config.get("ContentType", "text/plain") not in _CONTENT_TYPES:
        raise invalid(f"Fixed response content type '{config['ContentType']}' must be one of {sorted(_CONTENT_TYPES)}")
    if len(config.get("MessageBody", "")) > 1024:  # noqa: PLR2004 - AWS's limit
        raise invalid("Fixed response message body must be at most 1024 characters")


def conditions(requested: list[Document]) -> list[Document]:
    """Check a rule's conditions and return them as they are described afterwards."""
    described = []
    for condition in requested:
        field = condition.get("Field", "")
        if field not in _CONDITIONS or condition.get("RegexValues"):
            raise not_emulated(f"rule conditions other than wildcards for {' and '.join(_CONDITIONS)}, got '{field}'")
        config = condition.get(_CONDITIONS[field], {})
        if config.get("RegexValues"):
            raise not_emulated("regular expressions in rule conditions")
        values = config.get("Values") or condition.get("Values") or []
        if not values:
            raise invalid(f"A condition on '{field}' needs values")
        described.append({"Field": field, "Values": values, _CONDITIONS[field]: {"Values": values}})
    if not described:
        raise invalid("A rule needs at least one condition")
    fields = [condition["Field"] for condition in described]
    if len(set(fields)) < len(fields):
        raise invalid(f"A rule can have one condition of each kind, got {fields}")
    if sum(len(condition["Values"]) for condition in described) > _MOST_CONDITION_VALUES:
        raise ApiError("TooManyConditionValues", f"A rule can have at most {_MOST_CONDITION_VALUES} condition values")
    return described
