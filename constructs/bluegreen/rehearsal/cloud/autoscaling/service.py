"""The API of Application Auto Scaling for ECS services, and what it does when an alarm of a policy is red."""

import threading
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.journal import Journal

from .activities import Activities
from .tracking import DEFAULT_COOLDOWN_SECONDS, Direction, Kept, Situation, alarms, decide

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"

_ALARM_PREFIX = "TargetTracking-"

_SUSPENDED = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")

Key = tuple[str, str, str]
"""What identifies a scalable target: namespace, resource id, dimension."""


class ApplicationAutoScaling:
    """Application Auto Scaling.

    Args:
        client: Makes boto3 clients by service name: ECS has the desired counts, CloudWatch the policies' alarms.
        now: The cloud's time.
        journal: Where scaling is told.
        region: The only region.
        account: The account's number.
    """

    botocore_name: ClassVar[str] = "application-autoscaling"

    def __init__(
        self, *, client: Callable[[str], Any], now: Callable[[], float], journal: Journal, region: str, account: str
    ) -> None:
        self._client = client
        self._now = now
        self._arn = f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:"
        self._target_arn = f"arn:aws:application-autoscaling:{region}:{account}:scalable-target/"
        self._role = f"arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
        self._targets: dict[Key, Document] = {}
        self._policies: dict[tuple[Key, str], Document] = {}
        self._activities = Activities(now, journal)
        self._last: dict[tuple[Key, Direction], tuple[float, int]] = {}
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
            for policy in [one for one in self._policies if one[0] == key]:
                self._forget(self._policies.pop(policy))
        return {}

    def put_scaling_policy(self, request: Document) -> Document:
        """Keep a policy, with its alarms when it is one of target tracking; any other kind scales nothing here.

        Raises:
            ApiError: ObjectNotFoundException when its target is not registered.
        """
        key = _key(request)
        name = request["PolicyName"]
        with self._lock:
            self._required(key)
            policy = self._policies.get((key, name)) or {
                "PolicyARN": f"{self._arn}{uuid.uuid4()}:resource/ecs/{key[1]}:policyName/{name}",
                "CreationTime": self._now(),
                "PolicyType": "StepScaling",
                "Alarms": [],
            }
            policy = policy | request
            if policy["PolicyType"] == "TargetTrackingScaling":
                policy["Alarms"] = self._put_alarms(policy)
            self._policies[key, name] = policy
        return {"PolicyARN": policy["PolicyARN"], "Alarms": policy["Alarms"]}

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
            policy = self._policies.pop((_key(request), request["PolicyName"]), None)
            if policy is None:
                message = f"No scaling policy found for policy name: {request['PolicyName']}"
                raise ApiError("ObjectNotFoundException", message)
            self._forget(policy)
        return {}

    def describe_scaling_activities(self, request: Document) -> Document:
        """Describe what was scaled and why, newest first; at a bound only when the request includes it."""
        with self._lock:
            return self._activities.describe(request)

    def on_alarm(self, policy_arn: str, alarm: str, value: float) -> None:
        """Scale, if it is time to: called by CloudWatch once a minute for as long as a policy's alarm is red.

        Args:
            policy_arn: The alarm's action; one that is not known here, any more, is passed over.
            alarm: The alarm's name.
            value: The newest value of the policy's metric.
        """
        with self._lock:
            for policy in [one for one in self._policies.values() if one["PolicyARN"] == policy_arn]:
                self._scale(policy, alarm, value)

    def _scale(self, policy: Document, alarm: str, value: float) -> None:
        key = _key(policy)
        target = self._targets[key]
        direction = next(one for one in Direction if f"-{one.value}-" in alarm)
        desired = self._desired(target)
        if desired is None:
            return
        tracking = policy["TargetTrackingScalingPolicyConfiguration"]
        word = direction.name.title()
        suspended = target["SuspendedState"][f"DynamicScaling{word}Suspended"]
        removes = direction is Direction.IN and desired > target["MinCapacity"] and not suspended
        last = self._last.get((key, direction))
        situation = Situation(
            direction=direction,
            desired=desired,
            minimum=target["MinCapacity"],
            maximum=target["MaxCapacity"],
            suspended=suspended,
            value=value,
            target=tracking["TargetValue"],
            since_last_seconds=None if last is None else self._now() - last[0],
            cooldown_seconds=tracking.get(f"Scale{word}Cooldown", DEFAULT_COOLDOWN_SECONDS),
            before_last=last[1] if last else desired,
            others_agree=not removes or self._others_would_remove(key, policy),
        )
        cause = f"monitor alarm {alarm} in state ALARM triggered policy {policy['PolicyName']}"
        decision = decide(situation)
        if isinstance(decision, Kept):
            self._activities.not_scaled(target, alarm, decision, cause)
        elif self._set(target, desired, decision, cause):
            self._last[key, direction] = (self._now(), desired)

    def _others_would_remove(self, key: Key, policy: Document) -> bool:
        """Return whether the low alarm of every other policy of the target is red too."""
        others = [one for (of, _), one in self._policies.items() if of == key and one is not policy]
        low = [
            one["AlarmName"] for other in others for one in other["Alarms"] if Direction.IN.value in one["AlarmName"]
        ]
        if not low:
            return True
        found = self._client("cloudwatch").describe_alarms(AlarmNames=low)["MetricAlarms"]
        return all(one["StateValue"] == "ALARM" for one in found)

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
        """Do at once what AWS does soon after a bound moves past the desired count."""
        desired = self._desired(target)
        if desired is None:
            raise ApiError("ValidationException", f"ECS service doesn't exist: {target['ResourceId']}")
        low, high = target["MinCapacity"], target["MaxCapacity"]
        if desired < low:
            self._set(target, desired, low, f"minimum capacity was set to {low}")
        elif desired > high:
            self._set(target, desired, high, f"maximum capacity was set to {high}")

    def _desired(self, target: Document) -> int | None:
        """Return the service's desired count; None when there is no such service."""
        _, cluster, name = target["ResourceId"].split("/")
        services = self._client("ecs").describe_services(cluster=cluster, services=[name])["services"]
        return int(services[0]["desiredCount"]) if services and services[0]["status"] == "ACTIVE" else None

    def _set(self, target: Document, before: int, after: int, cause: str) -> bool:
        """Set the service's desired count; tell whether ECS took it."""
        _, cluster, name = target["ResourceId"].split("/")
        try:
            self._client("ecs").update_service(cluster=cluster, service=name, desiredCount=after)
        except (ClientError, BotoCoreError) as error:
            self._activities.scaled(target, before, after, cause, refusal=str(error))
            return False
        self._activities.scaled(target, before, after, cause)
        return True

    def _put_alarms(self, policy: Document) -> list[Document]:
        """Make a policy's alarms what they should be; return them as the API describes them.

        Alarms that the policy has already keep their names.
        """
        known = [one["AlarmName"] for one in policy["Alarms"]]
        made = {one: f"{_ALARM_PREFIX}{policy['ResourceId']}-{one.value}-{uuid.uuid4()}" for one in Direction}
        names = {one: next((name for name in known if f"-{one.value}-" in name), made[one]) for one in Direction}
        wanted = alarms(policy, policy["PolicyARN"], names)
        cloudwatch = self._client("cloudwatch")
        for alarm in wanted:
            cloudwatch.put_metric_alarm(**alarm)
        present = [alarm["AlarmName"] for alarm in wanted]
        if obsolete := [name for name in known if name not in present]:
            cloudwatch.delete_alarms(AlarmNames=obsolete)
        found = cloudwatch.describe_alarms(AlarmNames=present)["MetricAlarms"]
        return [{"AlarmName": one["AlarmName"], "AlarmARN": one["AlarmArn"]} for one in found]

    def _forget(self, policy: Document) -> None:
        """Delete a policy's alarms."""
        if names := [one["AlarmName"] for one in policy["Alarms"]]:
            self._client("cloudwatch").delete_alarms(AlarmNames=names)


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
