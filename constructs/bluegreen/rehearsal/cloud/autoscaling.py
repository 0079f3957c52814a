"""Application Auto Scaling for ECS services: targets and policies are kept, and the bounds are enforced at once.

Nothing scales on a metric: a policy is a record, and a rehearsal's desired count moves only by its bounds.
"""

import threading
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from .api import ApiError, Created, Document
from .template_properties import as_request

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"

_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

Key = tuple[str, str, str]
"""What identifies a scalable target: namespace, resource id, dimension."""


class ApplicationAutoScaling:
    """Application Auto Scaling.

    Args:
        client: Makes boto3 clients by service name; its ECS is told when a bound moves the desired count.
        now: The cloud's time.
        region: The only region.
        account: The account's number.
    """

    botocore_name: ClassVar[str] = "application-autoscaling"

    def __init__(self, *, client: Callable[[str], Any], now: Callable[[], float], region: str, account: str) -> None:
        self._client = client
        self._now = now
        self._arn = f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:"
        self._target_arn = f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/"
        self._role = f"arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        self._targets: dict[Key, Document] = {}
        self._policies: dict[tuple[Key, str], Document] = {}
        self._lock = threading.RLock()

    def register_scalable_target(self, request: Document) -> Document:
        """Register a target, or change what is given of one; then bring the service's desired count within its bounds.

        Raises:
            ApiError: ValidationException for another namespace, bounds that are absent or crossed, or no such service.
        """
        key = _key(request)
        with self._lock:
            target = dict(self._targets.get(key) or self._new_target(key))
            target |= {name: request[name] for name in ("MinCapacity", "MaxCapacity", "RoleARN") if name in request}
            target["SuspendedState"] = target["SuspendedState"] | request.get("SuspendedState", {})
            _check_bounds(target)
            self._bound(target)
            self._targets[key] = target
        return {"ScalableTargetARN": target["ScalableTargetARN"]}

    def describe_scalable_targets(self, request: Document) -> Document:
        """Describe targets, all of them or those of the resources and the dimension that are named."""
        wanted = request.get("ResourceIds")
        with self._lock:
            found = [
                target
                for target in self._targets.values()
                if target["ServiceNamespace"] == request["ServiceNamespace"]
                and (not wanted or target["ResourceId"] in wanted)
                and request.get("ScalableDimension") in {None, target["ScalableDimension"]}
            ]
        return {"ScalableTargets": found}

    def deregister_scalable_target(self, request: Document) -> Document:
        """Forget a target and its policies.

        Raises:
            ApiError: ObjectNotFoundException.
        """
        key = _key(request)
        with self._lock:
            self._required(key)
            del self._targets[key]
            self._policies = {policy: kept for policy, kept in self._policies.items() if policy[0] != key}
        return {}

    def put_scaling_policy(self, request: Document) -> Document:
        """Keep a policy; it scales nothing.

        Raises:
            ApiError: ObjectNotFoundException when its target is not registered.
        """
        key = _key(request)
        with self._lock:
            self._required(key)
            present = self._policies.get((key, request["PolicyName"]))
            arn = f"{self._arn}{uuid.uuid4()}:resource/ecs/{key[1]}:policyName/{request['PolicyName']}"
            made = {"PolicyARN": arn, "CreationTime": self._now(), "PolicyType": "StepScaling", "Alarms": []}
            policy = (present or made) | request
            self._policies[key, request["PolicyName"]] = policy
        return {"PolicyARN": policy["PolicyARN"], "Alarms": []}

    def describe_scaling_policies(self, request: Document) -> Document:
        """Describe policies, all of them or those that the request names."""
        names = request.get("PolicyNames")
        with self._lock:
            found = [
                policy
                for policy in self._policies.values()
                if policy["ServiceNamespace"] == request["ServiceNamespace"]
                and (not names or policy["PolicyName"] in names)
                and request.get("ResourceId") in {None, policy["ResourceId"]}
                and request.get("ScalableDimension") in {None, policy["ScalableDimension"]}
            ]
        return {"ScalingPolicies": found}

    def delete_scaling_policy(self, request: Document) -> Document:
        """Forget a policy.

        Raises:
            ApiError: ObjectNotFoundException.
        """
        with self._lock:
            if self._policies.pop((_key(request), request["PolicyName"]), None) is None:
                message = f"No scaling policy found for policy name: {request['PolicyName']}"
                raise ApiError("ObjectNotFoundException", message)
        return {}

    def _new_target(self, key: Key) -> Document:
        namespace, resource, dimension = key
        role = f"{self._role}AWSServiceRoleForApplicationAutoScaling_ECSService"
        return {
            "ServiceNamespace": namespace,
            "ResourceId": resource,
            "ScalableDimension": dimension,
            "RoleARN": role,
            "CreationTime": self._now(),
            "SuspendedState": dict.fromkeys(_SUSPENDED, False),
            "ScalableTargetARN": f"{self._target_arn}{uuid.uuid4().hex}",
        }

    def _required(self, key: Key) -> None:
        if key not in self._targets:
            message = f"No scalable target found for service namespace: {key[0]}, resource ID: {key[1]}"
            raise ApiError("ObjectNotFoundException", f"{message}, scalable dimension: {key[2]}")

    def _bound(self, target: Document) -> None:
        """Do at once what AWS does soon after ("Setting desired count to 3. Cause: minimum capacity was set to 3")."""
        _, cluster, name = target["ResourceId"].split("/")
        ecs = self._client("ecs")
        services = ecs.describe_services(cluster=cluster, services=[name])["services"]
        if not services or services[0]["status"] != "ACTIVE":
            message = f"ECS service doesn't exist: {target['ResourceId']}"
            raise ApiError("ValidationException", message)
        desired = services[0]["desiredCount"]
        bounded = max(target["MinCapacity"], min(target["MaxCapacity"], desired))
        if bounded != desired:
            ecs.update_service(cluster=cluster, service=name, desiredCount=bounded)


def _key(request: Document) -> Key:
    namespace, resource, dimension = request["ServiceNamespace"], request["ResourceId"], request["ScalableDimension"]
    if (namespace, dimension) != (NAMESPACE, DIMENSION):
        message = f"the local cloud scales only {DIMENSION} of {NAMESPACE}, got {dimension} of {namespace}"
        raise ApiError("ValidationException", message)
    parts = resource.split("/")
    if len(parts) != 3 or parts[0] != "service" or not all(parts):  # noqa: PLR2004 - service/CLUSTER/NAME
        raise ApiError(
            "ValidationException", f"Unsupported service namespace, resource type or scalable dimension: {resource}"
        )
    return namespace, resource, dimension


def _check_bounds(target: Document) -> None:
    for name in ("MinCapacity", "MaxCapacity"):
        if name not in target:
            message = f"{name} cannot be null when registering a new scalable target"
            raise ApiError("ValidationException", message)
    if target["MinCapacity"] > target["MaxCapacity"]:
        raise ApiError("ValidationException", "Maximum capacity cannot be less than minimum capacity")


def resource_types(scaling: ApplicationAutoScaling) -> "list[ScalableTargetType | ScalingPolicyType]":
    """Return the AWS::ApplicationAutoScaling types."""
    return [ScalableTargetType(scaling), ScalingPolicyType(scaling)]


class ScalableTargetType:
    """AWS::ApplicationAutoScaling::ScalableTarget; `Ref` is RESOURCE|DIMENSION|NAMESPACE, as AWS makes it."""

    type_name: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalableTarget"
    create_only: ClassVar[frozenset[str]] = frozenset({"ResourceId", "ScalableDimension", "ServiceNamespace"})

    def __init__(self, scaling: ApplicationAutoScaling) -> None:
        self._scaling = scaling

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - what it scales is its id
        """Register the target.

        Raises:
            ValueError: For scheduled actions, which nothing here would run.
        """
        if properties.get("ScheduledActions"):
            raise ValueError("the local cloud does not run ScheduledActions; leave them out of what is rehearsed")
        rest = {key: value for key, value in properties.items() if key != "ScheduledActions"}
        request = as_request("application-autoscaling", "RegisterScalableTarget", rest)
        self._scaling.register_scalable_target(request)
        physical_id = "|".join(request[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        return Created(physical_id, {"Id": physical_id})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - registered again
        """Change the target."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the id says all
        """Deregister it, if it is still there."""
        key = _identified(physical_id)
        if self._scaling.describe_scalable_targets({**key, "ResourceIds": [key["ResourceId"]]})["ScalableTargets"]:
            self._scaling.deregister_scalable_target(key)


class ScalingPolicyType:
    """AWS::ApplicationAutoScaling::ScalingPolicy; it names its target by id or by its three parts."""

    type_name: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalingPolicy"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {"PolicyName", "ResourceId", "ScalableDimension", "ScalingTargetId", "ServiceNamespace"}
    )

    def __init__(self, scaling: ApplicationAutoScaling) -> None:
        self._scaling = scaling

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - the policy's name is required
        """Keep the policy."""
        arn = self._scaling.put_scaling_policy(self._request(properties))["PolicyARN"]
        return Created(arn, {"Arn": arn})

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - kept again
        """Change the policy."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - its name says all
        """Forget it, if it is still there."""
        key = _target_of(properties)
        names = [properties["PolicyName"]]
        if self._scaling.describe_scaling_policies({**key, "PolicyNames": names})["ScalingPolicies"]:
            self._scaling.delete_scaling_policy({**key, "PolicyName": names[0]})

    @staticmethod
    def _request(properties: Document) -> Document:
        rest = {key: value for key, value in properties.items() if key != "ScalingTargetId"} | _target_of(properties)
        return as_request("application-autoscaling", "PutScalingPolicy", rest)


def _target_of(properties: Document) -> Document:
    if "ScalingTargetId" in properties:
        return _identified(properties["ScalingTargetId"])
    return {key: properties[key] for key in ("ResourceId", "ScalableDimension", "ServiceNamespace")}


def _identified(physical_id: str) -> Document:
    return dict(zip(("ResourceId", "ScalableDimension", "ServiceNamespace"), physical_id.split("|"), strict=True))
