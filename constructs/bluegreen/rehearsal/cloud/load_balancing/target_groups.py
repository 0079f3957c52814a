"""Operations on target groups and their targets."""

from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document

from . import defaults, validation
from .core import Core
from .records import State, Target, TargetGroup

_CHANGEABLE = ("Matcher", *defaults.HEALTH_CHECK)


class TargetGroupOperations(Core):
    """Target groups of IP targets for HTTP and HTTPS."""

    def create_target_group(self, request: Document) -> Document:
        """Create a target group, or return the one that has this name and the same settings."""
        settings = _settings(request)
        with self._changing() as records:
            for group in records.target_groups.values():
                if group.name == settings["TargetGroupName"]:
                    if group.settings != settings | {"TargetGroupArn": group.arn}:
                        raise ApiError(
                            "DuplicateTargetGroupName",
                            f"A target group with the same name '{group.name}' exists, but with different settings",
                        )
                    return {"TargetGroups": [self._describe_group(group)]}
            arn = self._arn(f"targetgroup/{settings['TargetGroupName']}")
            tags = {tag["Key"]: tag.get("Value", "") for tag in request.get("Tags", ())}
            group = TargetGroup(arn, settings | {"TargetGroupArn": arn}, dict(defaults.TARGET_GROUP), tags)
            records.target_groups[arn] = group
        return {"TargetGroups": [self._describe_group(group)]}

    def describe_target_groups(self, request: Document) -> Document:
        """Describe target groups by ARN, name or load balancer; all when nothing is named."""
        with self._lock:
            groups = list(self._records.target_groups.values())
            if "TargetGroupArns" in request:
                groups = [self._target_group(arn) for arn in request["TargetGroupArns"]]
            if "Names" in request:
                groups = [group for group in groups if group.name in request["Names"]]
                if len(groups) < len(set(request["Names"])):
                    raise ApiError("TargetGroupNotFound", "One or more target groups not found")
            if "LoadBalancerArn" in request:
                user = self._load_balancer(request["LoadBalancerArn"])
                groups = [group for group in groups if user in self._records.users(group.arn)]
            return {"TargetGroups": [self._describe_group(group) for group in groups]}

    def modify_target_group(self, request: Document) -> Document:
        """Change a target group's health check; targets keep their state and are judged anew by the next checks."""
        with self._changing():
            group = self._target_group(request["TargetGroupArn"])
            settings = group.settings | {key: request[key] for key in _CHANGEABLE if key in request}
            validation.health_check(settings)
            group.settings = settings
            return {"TargetGroups": [self._describe_group(group)]}

    def delete_target_group(self, request: Document) -> Document:
        """Delete a target group that no listener or rule uses; harmless when it is gone already."""
        with self._changing() as records:
            arn = request["TargetGroupArn"]
            if records.users(arn):
                raise ApiError("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule")
            records.target_groups.pop(arn, None)
        return {}

    def describe_target_group_attributes(self, request: Document) -> Document:
        """Describe a target group's attributes."""
        with self._lock:
            return _attributes(self._target_group(request["TargetGroupArn"]).attributes)

    def modify_target_group_attributes(self, request: Document) -> Document:
        """Change a target group's attributes."""
        changed = validation.attributes(request["Attributes"], defaults.TARGET_GROUP, "Target group")
        with self._changing():
            group = self._target_group(request["TargetGroupArn"])
            group.attributes |= changed
            return _attributes(group.attributes)

    def register_targets(self, request: Document) -> Document:
        """Register targets; they get requests after their first passed health check."""
        with self._changing():
            group = self._target_group(request["TargetGroupArn"])
            for wanted in request["Targets"]:
                address, port = wanted["Id"], wanted.get("Port", group.settings["Port"])
                validation.port(port)
                known = group.targets.get((address, port))
                if known is None or known.state is State.DRAINING:
                    group.targets[address, port] = Target(address, port)
        return {}

    def deregister_targets(self, request: Document) -> Document:
        """Take targets out: no new requests, and the deregistration delay for those under way."""
        with self._changing():
            group = self._target_group(request["TargetGroupArn"])
            delay = int(group.attributes["deregistration_delay.timeout_seconds"])
            for unwanted in request["Targets"]:
                for target in self._targets(group, unwanted):
                    self._deregister(group, target, delay)
        return {}

    def describe_target_health(self, request: Document) -> Document:
        """Describe the health of the named targets, or of all."""
        with self._lock:
            group = self._target_group(request["TargetGroupArn"])
            if "Targets" not in request:
                return {"TargetHealthDescriptions": [_health(group, target) for target in group.targets.values()]}
            found: list[Document] = []
            for wanted in request["Targets"]:
                port = wanted.get("Port", group.settings["Port"])
                target = group.targets.get((wanted["Id"], port))
                found.append(_health(group, target) if target else _not_registered(wanted["Id"], port))
            return {"TargetHealthDescriptions": found}

    def _describe_group(self, group: TargetGroup) -> Document:
        users = [user.arn for user in self._records.users(group.arn)]
        return group.settings | {"LoadBalancerArns": users}

    @staticmethod
    def _targets(group: TargetGroup, unwanted: Document) -> list[Target]:
        """Find what a deregistration names: one port, or every port of the address."""
        port = unwanted.get("Port")
        found = [t for t in group.targets.values() if t.address == unwanted["Id"] and port in {None, t.port}]
        if not found:
            raise ApiError("InvalidTarget", f"The following targets are not registered: '{unwanted['Id']}'")
        return found

    def _deregister(self, group: TargetGroup, target: Target, delay: int) -> None:
        if target.state is State.DRAINING:
            return
        if target.state is State.UNUSED:
            del group.targets[target.key]
            return
        target.state = State.DRAINING
        target.reason, target.description = "Target.DeregistrationInProgress", "Target deregistration is in progress"
        target.drains_until = self._clock.now() + delay


def _settings(request: Document) -> Document:
    """Return a new target group's settings with AWS's defaults, or refuse."""
    validation.name(request["Name"], "Target group")
    for key, default, emulated in (
        ("TargetType", "instance", {"ip"}),
        ("Protocol", None, {"HTTP", "HTTPS"}),
        ("ProtocolVersion", "HTTP1", {"HTTP1"}),
    ):
        if request.get(key, default) not in emulated:
            raise validation.not_emulated(f"target groups whose {key} is {request.get(key, default)}")
    for key in ("Port", "VpcId"):
        if key not in request:
            raise validation.invalid(f"A {key} must be specified")
    validation.port(request["Port"])
    settings: dict[str, Any] = {
        "TargetGroupName": request["Name"],
        "Protocol": request["Protocol"],
        "ProtocolVersion": "HTTP1",
        "Port": request["Port"],
        "VpcId": request["VpcId"],
        "TargetType": "ip",
        "IpAddressType": "ipv4",
        "Matcher": {"HttpCode": "200"},
    }
    settings |= defaults.HEALTH_CHECK | {key: request[key] for key in _CHANGEABLE if key in request}
    validation.health_check(settings)
    return settings


def _attributes(attributes: dict[str, str]) -> Document:
    return {"Attributes": [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]}


def _health(group: TargetGroup, target: Target) -> Document:
    health: Document = {"State": str(target.state)}
    if target.reason:
        health |= {"Reason": target.reason, "Description": target.description}
    port = group.settings["HealthCheckPort"]
    return {
        "Target": {"Id": target.address, "Port": target.port},
        "HealthCheckPort": str(target.port) if port == "traffic-port" else port,
        "TargetHealth": health,
    }


def _not_registered(address: str, port: int) -> Document:
    health = {
        "State": "unused",
        "Reason": "Target.NotRegistered",
        "Description": "Target is not registered to the target group",
    }
    return {"Target": {"Id": address, "Port": port}, "TargetHealth": health}
