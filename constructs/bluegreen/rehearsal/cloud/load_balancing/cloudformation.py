"""The CloudFormation resource types of Elastic Load Balancing, over the same operations that clients call."""

from typing import Any, ClassVar

from botocore.model import ListShape, Shape, StructureShape

from bluegreen.rehearsal.cloud.api import ApiError, Created, Document, ResourceType
from bluegreen.rehearsal.cloud.protocol import service_model
from bluegreen.rehearsal.cloud.template_properties import short_name

from . import defaults, validation
from .service import LoadBalancing

_MOST_NAME = 32


def resource_types(service: LoadBalancing) -> list[ResourceType]:
    """Return the types, ready to be registered."""
    return [LoadBalancerType(service), TargetGroupType(service), ListenerType(service), ListenerRuleType(service)]


class LoadBalancerType:
    """`AWS::ElasticLoadBalancingV2::LoadBalancer`."""

    type_name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    create_only: ClassVar[frozenset[str]] = frozenset({"Name", "Scheme", "Type"})

    def __init__(self, service: LoadBalancing) -> None:
        self._service = service

    def create(self, name: str, properties: Document) -> Created:
        """Create the load balancer, then set its attributes."""
        # Refused before anything exists: CloudFormation does not delete what it got no id of.
        validation.attributes(properties.get("LoadBalancerAttributes", ()), defaults.LOAD_BALANCER, "Load balancer")
        wanted = {"Name": short_name(name, _MOST_NAME)} | _without(properties, "LoadBalancerAttributes")
        arn = self._service.create_load_balancer(request("CreateLoadBalancer", wanted))["LoadBalancers"][0][
            "LoadBalancerArn"
        ]
        self._set_attributes(arn, properties)
        return self._created(arn)

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change subnets, security groups, attributes and tags."""
        named = {"LoadBalancerArn": physical_id}
        if new.get("SecurityGroups") != old.get("SecurityGroups"):
            wanted = named | {"SecurityGroups": new.get("SecurityGroups", [])}
            self._service.set_security_groups(request("SetSecurityGroups", wanted))
        for key in ("Subnets", "SubnetMappings"):
            if key in new and new[key] != old.get(key):
                self._service.set_subnets(request("SetSubnets", named | {key: new[key]}))
        self._set_attributes(physical_id, new)
        _update_tags(self._service, physical_id, old, new)
        return self._created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Delete the load balancer."""
        self._service.delete_load_balancer({"LoadBalancerArn": physical_id})

    @staticmethod
    def not_emulated(properties: Document) -> str:
        """Say which logs of such a load balancer are not written; nothing when none is asked for."""
        on = {one["Key"] for one in properties.get("LoadBalancerAttributes", ()) if str(one.get("Value")) == "true"}
        kinds = ("access", "connection")
        return ", ".join(f"{kind} logs" for kind in kinds if f"{kind}_logs.s3.enabled" in on)

    def _set_attributes(self, arn: str, properties: Document) -> None:
        if properties.get("LoadBalancerAttributes"):
            wanted = {"LoadBalancerArn": arn, "Attributes": properties["LoadBalancerAttributes"]}
            self._service.modify_load_balancer_attributes(request("ModifyLoadBalancerAttributes", wanted))

    def _created(self, arn: str) -> Created:
        shown = self._service.describe_load_balancers({"LoadBalancerArns": [arn]})["LoadBalancers"][0]
        attributes = {
            "DNSName": shown["DNSName"],
            "CanonicalHostedZoneID": shown["CanonicalHostedZoneId"],
            "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
            "LoadBalancerName": shown["LoadBalancerName"],
            "LoadBalancerArn": arn,
            "SecurityGroups": shown["SecurityGroups"],
        }
        return Created(arn, attributes)


class TargetGroupType:
    """`AWS::ElasticLoadBalancingV2::TargetGroup`."""

    type_name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::TargetGroup"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"IpAddressType", "Name", "Port", "Protocol", "ProtocolVersion", "TargetType", "VpcId"}
    )

    def __init__(self, service: LoadBalancing) -> None:
        self._service = service

    def create(self, name: str, properties: Document) -> Created:
        """Create the target group, set its attributes and register its targets."""
        validation.attributes(properties.get("TargetGroupAttributes", ()), defaults.TARGET_GROUP, "Target group")
        wanted = {"Name": short_name(name, _MOST_NAME)} | _without(properties, "TargetGroupAttributes", "Targets")
        arn = self._service.create_target_group(request("CreateTargetGroup", wanted))["TargetGroups"][0][
            "TargetGroupArn"
        ]
        self._set_attributes(arn, properties)
        self._set_targets(arn, [], properties.get("Targets", []))
        return self._created(arn)

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the health check, attributes, targets and tags."""
        unchangeable = {*self.create_only, "TargetGroupAttributes", "Targets", "Tags"}
        wanted = {"TargetGroupArn": physical_id} | _without(new, *unchangeable)
        self._service.modify_target_group(request("ModifyTargetGroup", wanted))
        self._set_attributes(physical_id, new)
        self._set_targets(physical_id, old.get("Targets", []), new.get("Targets", []))
        _update_tags(self._service, physical_id, old, new)
        return self._created(physical_id)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Delete the target group."""
        self._service.delete_target_group({"TargetGroupArn": physical_id})

    def _set_attributes(self, arn: str, properties: Document) -> None:
        if properties.get("TargetGroupAttributes"):
            wanted = {"TargetGroupArn": arn, "Attributes": properties["TargetGroupAttributes"]}
            self._service.modify_target_group_attributes(request("ModifyTargetGroupAttributes", wanted))

    def _set_targets(self, arn: str, old: list[Document], new: list[Document]) -> None:
        """Touch only the targets that the template lists: ECS registers its own."""
        added = [target for target in new if target not in old]
        removed = [target for target in old if target not in new]
        if added:
            self._service.register_targets(request("RegisterTargets", {"TargetGroupArn": arn, "Targets": added}))
        if removed:
            self._service.deregister_targets(request("DeregisterTargets", {"TargetGroupArn": arn, "Targets": removed}))

    def _created(self, arn: str) -> Created:
        shown = self._service.describe_target_groups({"TargetGroupArns": [arn]})["TargetGroups"][0]
        attributes = {
            "TargetGroupArn": arn,
            "TargetGroupFullName": arn.rpartition(":")[2],
            "TargetGroupName": shown["TargetGroupName"],
            "LoadBalancerArns": shown["LoadBalancerArns"],
        }
        return Created(arn, attributes)


class ListenerType:
    """`AWS::ElasticLoadBalancingV2::Listener`."""

    type_name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::Listener"
    create_only: ClassVar[frozenset[str]] = frozenset({"LoadBalancerArn"})

    def __init__(self, service: LoadBalancing) -> None:
        self._service = service

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - listeners have no names
        """Create the listener."""
        validation.listener_attributes(properties.get("ListenerAttributes", ()))
        wanted = request("CreateListener", _without(properties, "ListenerAttributes"))
        arn = self._service.create_listener(wanted)["Listeners"][0]["ListenerArn"]
        self._set_attributes(arn, properties)
        return Created(arn, {"ListenerArn": arn})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the listener; the default actions are always sent again, whoever changed them since, as AWS does."""
        wanted = {"ListenerArn": physical_id} | _without(new, "LoadBalancerArn", "ListenerAttributes", "Tags")
        self._service.modify_listener(request("ModifyListener", wanted))
        self._set_attributes(physical_id, new)
        _update_tags(self._service, physical_id, old, new)
        return Created(physical_id, {"ListenerArn": physical_id})

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Delete the listener."""
        with _gone("ListenerNotFound"):
            self._service.delete_listener({"ListenerArn": physical_id})

    def _set_attributes(self, arn: str, properties: Document) -> None:
        if properties.get("ListenerAttributes"):
            wanted = {"ListenerArn": arn, "Attributes": properties["ListenerAttributes"]}
            self._service.modify_listener_attributes(request("ModifyListenerAttributes", wanted))


class ListenerRuleType:
    """`AWS::ElasticLoadBalancingV2::ListenerRule`."""

    type_name: ClassVar[str] = "AWS::ElasticLoadBalancingV2::ListenerRule"
    create_only: ClassVar[frozenset[str]] = frozenset({"ListenerArn"})

    def __init__(self, service: LoadBalancing) -> None:
        self._service = service

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - rules have no names
        """Create the rule."""
        rule = self._service.create_rule(request("CreateRule", properties))["Rules"][0]
        return Created(rule["RuleArn"], {"RuleArn": rule["RuleArn"], "IsDefault": False})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change conditions, actions, priority and tags."""
        wanted = {"RuleArn": physical_id} | _without(new, "ListenerArn", "Priority", "Tags")
        self._service.modify_rule(request("ModifyRule", wanted))
        if str(new["Priority"]) != str(old["Priority"]):
            moved = {"RulePriorities": [{"RuleArn": physical_id, "Priority": new["Priority"]}]}
            self._service.set_rule_priorities(request("SetRulePriorities", moved))
        _update_tags(self._service, physical_id, old, new)
        return Created(physical_id, {"RuleArn": physical_id, "IsDefault": False})

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the ARN is enough
        """Delete the rule."""
        with _gone("RuleNotFound"):
            self._service.delete_rule({"RuleArn": physical_id})


class _gone:  # noqa: N801 - reads as the statement it stands in
    """Succeed when what is to be deleted is gone already."""

    def __init__(self, code: str) -> None:
        self._code = code

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        return isinstance(error, ApiError) and error.code == self._code


def request(operation: str, properties: Document) -> Document:
    """Turn properties into a request: a template may write numbers and booleans as strings.

    Raises:
        ValueError: If a property is none of the operation's.
    """
    shape = service_model("elbv2").operation_model(operation).input_shape
    assert shape is not None  # noqa: S101 - every operation used here takes input
    made: Document = _typed(shape, properties, operation)
    return made


def _typed(shape: Shape, value: Any, path: str) -> Any:
    match shape:
        case StructureShape():
            unknown = sorted(value.keys() - shape.members.keys())
            if unknown:
                raise ValueError(f"{path}: the local cloud does not know the property {', '.join(unknown)}")
            return {key: _typed(shape.members[key], item, f"{path}.{key}") for key, item in value.items()}
        case ListShape():
            return [_typed(shape.member, item, path) for item in value]
    match shape.type_name:
        case "integer" | "long":
            return int(value)
        case "boolean":
            return value if isinstance(value, bool) else str(value).lower() == "true"
    return str(value)


def _without(properties: Document, *names: str) -> Document:
    return {key: value for key, value in properties.items() if key not in names}


def _update_tags(service: LoadBalancing, arn: str, old: Document, new: Document) -> None:
    wanted: list[Document] = new.get("Tags", [])
    stale = {tag["Key"] for tag in old.get("Tags", [])} - {tag["Key"] for tag in wanted}
    if stale:
        service.remove_tags({"ResourceArns": [arn], "TagKeys": sorted(stale)})
    if wanted:
        service.add_tags({"ResourceArns": [arn], "Tags": wanted})
