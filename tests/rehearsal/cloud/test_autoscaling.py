from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError, ResourceType
from bluegreen.rehearsal.cloud.autoscaling import ApplicationAutoScaling, resource_types
from tests.rehearsal.cloud.checked import Checked

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/prod/orders",
    "ScalableDimension": "ecs:service:DesiredCount",
}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
}


class FakeEcs:
    def __init__(self) -> None:
        self.desired = 1

    def describe_services(self, **request: Any) -> dict[str, Any]:
        service = {"status": "ACTIVE", "desiredCount": self.desired}
        return {"services": [service] if request["services"] == ["orders"] else []}

    def update_service(self, **request: Any) -> None:
        self.desired = request["desiredCount"]


class World:
    def __init__(self) -> None:
        self.ecs = FakeEcs()
        self.service = ApplicationAutoScaling(
            client={"ecs": self.ecs}.__getitem__, now=lambda: 1.0, region="eu-west-1", account="123456789012"
        )
        self.api = Checked(self.service)
        self.types: dict[str, ResourceType] = {one.type_name: one for one in resource_types(self.service)}

    def targets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
        return found


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(("desired", "expected"), [(1, 3), (3, 3), (5, 5), (10, 10), (12, 10)])
def test_registration_brings_the_service_within_its_bounds(world: World, desired: int, expected: int) -> None:
    """A desired count below the minimum rises to it, one above the maximum falls to it, any other stays."""
    world.ecs.desired = desired
    world.api.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=10)
    assert world.ecs.desired == expected


def test_scaling_in_can_be_suspended_without_touching_the_rest(world: World) -> None:
    """What is left out of a second registration stays as it was, in the suspended state too."""
    world.api.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=10)
    world.api.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    (target,) = world.targets()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (3, 10)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": False,
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"MinCapacity": 11}, "cannot be less than minimum"),
        ({"MinCapacity": None}, "MinCapacity cannot be null"),
        ({"ResourceId": "service/prod/absent"}, "ECS service doesn't exist"),
        ({"ResourceId": "table/orders"}, "Unsupported service namespace"),
        ({"ServiceNamespace": "dynamodb"}, "scales only ecs:service:DesiredCount"),
    ],
)
def test_a_target_that_cannot_be_is_refused(world: World, change: dict[str, Any], words: str) -> None:
    """A refused registration registers nothing."""
    request = TARGET | {"MinCapacity": 3, "MaxCapacity": 10} | change
    with pytest.raises(ApiError, match=words) as refused:
        world.api.register_scalable_target(**{key: value for key, value in request.items() if value is not None})
    assert refused.value.code == "ValidationException"
    assert world.targets() == []


def test_policies_need_a_target_and_go_with_it(world: World) -> None:
    """A policy is kept under its target and forgotten with it."""
    policy = {**TARGET, "PolicyName": "cpu", "PolicyType": "TargetTrackingScaling"}
    with pytest.raises(ApiError, match="No scalable target found"):
        world.api.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=TRACKING)
    world.api.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    first = world.api.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=TRACKING)["PolicyARN"]
    again = world.api.put_scaling_policy(**policy, TargetTrackingScalingPolicyConfiguration=TRACKING)["PolicyARN"]
    assert again == first
    found = world.api.describe_scaling_policies(ServiceNamespace="ecs", PolicyNames=["cpu"])["ScalingPolicies"]
    assert [one["PolicyARN"] for one in found] == [first]
    world.api.deregister_scalable_target(**TARGET)
    assert world.api.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    with pytest.raises(ApiError, match="No scalable target found"):
        world.api.deregister_scalable_target(**TARGET)
    with pytest.raises(ApiError, match="No scaling policy found"):
        world.api.delete_scaling_policy(**TARGET, PolicyName="cpu")


def test_cloudformation_makes_targets_and_policies(world: World) -> None:
    """A target's id is what its policies name; both change in place and can be deleted twice."""
    target, policy = (
        world.types[f"AWS::ApplicationAutoScaling::{name}"] for name in ("ScalableTarget", "ScalingPolicy")
    )
    properties = {**TARGET, "MinCapacity": "2", "MaxCapacity": 4, "RoleARN": "arn:aws:iam::123456789012:role/x"}
    made = target.create("generated", properties)
    assert made.physical_id == "service/prod/orders|ecs:service:DesiredCount|ecs"
    assert world.ecs.desired == 2
    kept = {
        "PolicyName": "cpu",
        "PolicyType": "TargetTrackingScaling",
        "ScalingTargetId": made.physical_id,
        "TargetTrackingScalingPolicyConfiguration": TRACKING,
    }
    arn = policy.create("generated", kept).physical_id
    assert policy.update(arn, kept, kept | {"PolicyType": "StepScaling"}).physical_id == arn
    target.update(made.physical_id, properties, properties | {"MaxCapacity": 8})
    assert world.targets()[0]["MaxCapacity"] == 8
    for _ in range(2):
        policy.delete(arn, kept)
        target.delete(made.physical_id, properties)
    assert world.targets() == []


def test_scheduled_actions_are_refused(world: World) -> None:
    """Nothing here would run them, so a template with some cannot be rehearsed unnoticed."""
    properties = {**TARGET, "MinCapacity": 1, "MaxCapacity": 4, "ScheduledActions": [{"ScheduledActionName": "night"}]}
    with pytest.raises(ValueError, match="does not run ScheduledActions"):
        world.types["AWS::ApplicationAutoScaling::ScalableTarget"].create("generated", properties)
