"""From Elastic Load Balancing's records to the data plane's configuration: a pure translation."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.network import Network
from bluegreen.rehearsal.cloud.traffic import (
    Backend,
    Configuration,
    Effect,
    FixedResponse,
    Forward,
    Frontend,
    Redirect,
    Route,
    Server,
)

from . import defaults
from .records import Listener, LoadBalancer, Records, Rule, State, TargetGroup

_OWN_SERVER = "awselb/2.0"
"""What an Application Load Balancer calls itself in responses that no target made."""

_ALGORITHMS = {
    "round_robin": "roundrobin",
    "least_outstanding_requests": "leastconn",
    "weighted_random": "random",
}


def configuration(
    records: Records,
    *,
    certificate_file: Callable[[str], Path],
    effects: Mapping[tuple[str, str], Effect],
) -> Configuration:
    """Say what HAProxy should do.

    Args:
        records: What there is.
        certificate_file: Finds the PEM file of a certificate's ARN.
        effects: The faults in force.
    """
    backends = {group.arn: group.backend for group in records.target_groups.values()}
    return Configuration(
        frontends=tuple(
            _frontend(owner, listener, backends, certificate_file) for owner, listener in records.listeners()
        ),
        backends=tuple(_backend(group) for group in records.target_groups.values()),
        effects=effects,
    )


def _frontend(
    owner: LoadBalancer, listener: Listener, backends: Mapping[str, str], certificate_file: Callable[[str], Path]
) -> Frontend:
    certificates = [
        str(certificate_file(entry["CertificateArn"])) for entry in listener.settings.get("Certificates", ())
    ]
    set_to = listener.attributes
    return Frontend(
        name=listener.frontend,
        address=owner.address,
        local_port=Network.local_port(listener.port),
        port=listener.port,
        routes=tuple(_route(rule, listener, backends) for rule in listener.in_order()),
        certificates=tuple(certificates),
        minimum_tls=minimum_tls(listener.settings.get("SslPolicy", "")),
        headers=tuple(
            (name, listener.attributes[key])
            for key, name in defaults.RESPONSE_HEADERS.items()
            if listener.attributes[key]
        ),
        own_server=_OWN_SERVER if set_to[defaults.SERVER_HEADER] == "true" else "",
    )


def minimum_tls(policy: str) -> str:
    """Return the oldest protocol offered under a security policy.

    The policies that still allow TLS 1.0 or 1.1 are served with 1.2 and newer: the local TLS library has no older ones.
    """
    return "TLSv1.3" if "-TLS13-1-3-" in policy else "TLSv1.2"


def _route(rule: Rule, listener: Listener, backends: Mapping[str, str]) -> Route:
    values = {condition["Field"]: condition["Values"] for condition in rule.conditions}
    return Route(
        number=rule.number,
        action=_action(rule, listener, backends),
        paths=tuple(wildcards(value) for value in values.get("path-pattern", ())),
        hosts=tuple(wildcards(value) for value in values.get("host-header", ())),
    )


def _action(rule: Rule, listener: Listener, backends: Mapping[str, str]) -> Forward | Redirect | FixedResponse:
    action = rule.actions[0]
    match action["Type"]:
        case "redirect":
            return _redirect(action["RedirectConfig"], listener)
        case "fixed-response":
            fixed = action["FixedResponseConfig"]
            content_type = fixed.get("ContentType", "text/plain")
            return FixedResponse(int(fixed["StatusCode"]), content_type, fixed.get("MessageBody", ""))
    return Forward(tuple((backends[arn], weight) for arn, weight in rule.target_groups().items()))


def _redirect(config: Document, listener: Listener) -> Redirect:
    protocol = config["Protocol"].replace("#{protocol}", listener.settings["Protocol"]).lower()
    port = config["Port"].replace("#{port}", str(listener.port))
    host = None if config["Host"] == "#{host}" else config["Host"]
    return Redirect(protocol, host, port, int(config["StatusCode"].removeprefix("HTTP_")))


def wildcards(pattern: str) -> str:
    r"""Turn AWS's wildcards into a regular expression that holds no quotes and no blanks.

    Example:
        >>> wildcards("/img/*?")
        '^\\x2fimg\\x2f.*.$'
    """
    words = {"*": ".*", "?": "."}
    return f"^{''.join(words.get(char) or _literal(char) for char in pattern)}$"


def _literal(char: str) -> str:
    return char if re.fullmatch(r"[A-Za-z0-9_-]", char) else f"\\x{ord(char):02x}"


def _backend(group: TargetGroup) -> Backend:
    return Backend(
        name=group.backend,
        algorithm=_ALGORITHMS[group.attributes["load_balancing.algorithm.type"]],
        tls=group.settings["Protocol"] == "HTTPS",
        servers=tuple(
            Server(target.address, target.port, enabled=(target.address, target.port) in in_service(group))
            for target in group.targets.values()
        ),
    )


def in_service(group: TargetGroup) -> set[tuple[str, int]]:
    """Return the targets that get requests: the healthy ones; all, when every one is unhealthy.

    Like an Application Load Balancer: with nothing healthy left it fails open, trying rather than refusing.
    """
    registered = [target for target in group.targets.values() if target.state is not State.DRAINING]
    healthy = {target.key for target in registered if target.state is State.HEALTHY}
    if not healthy and all(target.state is State.UNHEALTHY for target in registered):
        return {target.key for target in registered}
    return healthy
