import dataclasses
import math
import threading
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError, ResourceType
from bluegreen.rehearsal.cloud.autoscaling import ApplicationAutoScaling, resource_types
from bluegreen.rehearsal.cloud.autoscaling.tracking import Direction, Kept, Situation, decide
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.cloudwatch import CloudWatch
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.metrics import MetricStore
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


class HandClock(Clock):
    """A clock that moves only when told; it begins with a minute."""

    def __init__(self) -> None:
        super().__init__(60)
        self.at = 1_800_000_000.0

    def now(self) -> float:
        return self.at


class World:
    """Auto scaling over the local CloudWatch, whose time the test moves, and one ECS service."""

    def __init__(self) -> None:
        self.ecs = FakeEcs()
        self.clock = HandClock()
        self.journal = Journal(self.clock.now)
        self.metrics = MetricStore()
        where: dict[str, Any] = {"region": "eu-west-1", "account": "123456789012"}
        clients: dict[str, Any] = {"ecs": self.ecs}
        self.service = ApplicationAutoScaling(
            client=clients.__getitem__, now=self.clock.now, journal=self.journal, **where
        )
        self.cloudwatch = CloudWatch(
            clock=self.clock,
            metrics=self.metrics,
            journal=self.journal,
            client=clients.__getitem__,
            scale=self.service.on_alarm,
            **where,
        )
        clients["cloudwatch"] = Checked(self.cloudwatch)
        self.api = Checked(self.service)
        self.types: dict[str, ResourceType] = {one.type_name: one for one in resource_types(self.service)}

    def minutes(self, count: int, *, cpu: float | None = None, memory: float | None = None) -> None:
        """Let minutes pass in which the tasks are so busy, evaluating every alarm at the end of each."""
        dimensions = {"ClusterName": "prod", "ServiceName": "orders"}
        for _ in range(count):
            for name, value in (("CPUUtilization", cpu), ("MemoryUtilization", memory)):
                if value is not None:
                    self.metrics.record("AWS/ECS", name, dimensions, value, self.clock.at)
            self.clock.at += 60
            self.cloudwatch._evaluator.evaluate_all()
            for thread in threading.enumerate():
                if thread.name == "scaling":
                    thread.join()

    def scaled(self) -> list[str]:
        return [entry.what for entry in self.journal.since(0) if entry.kind == "scaling"]

    def activities(self, **more: Any) -> list[dict[str, Any]]:
        found = self.api.describe_scaling_activities(ServiceNamespace="ecs", **more)
        activities: list[dict[str, Any]] = found["ScalingActivities"]
        return activities

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


def tracked(world: World, *, desired: int = 3, memory: bool = False, **tracking: Any) -> None:
    """Track 70 percent of CPU between 3 and 10 tasks, and 80 percent of memory too when asked to."""
    world.ecs.desired = desired
    world.api.register_scalable_target(**TARGET, MinCapacity=3, MaxCapacity=10)
    cpu: dict[str, Any] = TRACKING | {"ScaleOutCooldown": 60, "ScaleInCooldown": 300} | tracking
    policies = {"cpu": {key: value for key, value in cpu.items() if value is not None}}
    if memory:
        metric = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
        policies["memory"] = {"TargetValue": 80.0, "PredefinedMetricSpecification": metric}
    for name, configuration in policies.items():
        world.api.put_scaling_policy(
            **TARGET,
            PolicyName=name,
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration=configuration,
        )


def test_busy_tasks_get_company_after_three_minutes(world: World) -> None:
    """Tasks are added in proportion once three minutes in a row are above the target, and not before."""
    tracked(world)
    world.minutes(2, cpu=90)
    assert world.ecs.desired == 3
    world.minutes(1, cpu=90)
    assert world.ecs.desired == 4  # 3 * 90 / 70, rounded up
    (activity,) = world.activities()
    assert activity["Description"] == "Setting desired count to 4."
    assert activity["StatusCode"] == "Successful"
    assert activity["Cause"].endswith("in state ALARM triggered policy cpu")
    assert len(world.scaled()) == 1


def test_while_it_stays_busy_more_are_added_up_to_the_maximum(world: World) -> None:
    """A red alarm asks again every minute, each time after its cooldown, and never beyond the maximum."""
    tracked(world)
    seen = []
    for _ in range(8):
        world.minutes(1, cpu=100)
        seen.append(world.ecs.desired)
    assert seen == [3, 3, 5, 8, 10, 10, 10, 10]
    (reason,) = world.activities(IncludeNotScaledActivities=True)[0]["NotScaledReasons"]
    assert reason == {"Code": "AlreadyAtMaxCapacity", "MaxCapacity": 10}
    assert "NotScaledReasons" not in world.activities()[0]


def test_idle_tasks_go_one_at_a_time_after_fifteen_minutes(world: World) -> None:
    """Below 90 percent of the target for 15 minutes a task is removed, then one every cooldown, down to the minimum."""
    tracked(world, desired=5)
    world.minutes(14, cpu=62)
    assert world.ecs.desired == 5
    world.minutes(1, cpu=62)
    assert world.ecs.desired == 4
    world.minutes(4, cpu=62)
    assert world.ecs.desired == 4
    world.minutes(1, cpu=62)
    assert world.ecs.desired == 3
    world.minutes(20, cpu=1)
    assert world.ecs.desired == 3


def test_between_both_thresholds_nothing_is_scaled(world: World) -> None:
    """From 90 percent of the target to the target the count stays."""
    tracked(world, desired=5)
    for _ in range(15):
        world.minutes(1, cpu=63)
        world.minutes(1, cpu=70)
    assert world.ecs.desired == 5
    assert world.activities(IncludeNotScaledActivities=True) == []


def test_a_suspended_direction_is_not_taken_and_told_once(world: World) -> None:
    """With scale-in suspended idle tasks stay, busy ones still get company; resumed, idle ones go at once."""
    tracked(world, desired=5)
    world.api.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": True})
    world.minutes(25, cpu=10)
    assert world.ecs.desired == 5
    assert [what.partition(":")[2].partition(":")[0] for what in world.scaled()] == [" not scaled, suspended"]
    world.minutes(3, cpu=90)
    assert world.ecs.desired == 7
    world.minutes(15, cpu=10)
    assert world.ecs.desired == 7
    world.api.register_scalable_target(**TARGET, SuspendedState={"DynamicScalingInSuspended": False})
    world.minutes(1, cpu=10)
    assert world.ecs.desired == 6


def test_tasks_go_only_when_every_policy_would_remove_some(world: World) -> None:
    """One idle metric removes nothing while another is not idle; one busy metric is enough to add."""
    tracked(world, desired=5, memory=True)
    world.minutes(20, cpu=10, memory=78)
    assert world.ecs.desired == 5
    world.minutes(3, cpu=10, memory=95)
    assert world.ecs.desired == 6
    world.minutes(20, cpu=10, memory=10)
    assert world.ecs.desired < 6


def test_scale_in_can_be_disabled(world: World) -> None:
    """A policy that may not remove tasks has no low alarm, also when that is changed later."""
    tracked(world, desired=5)
    tracked(world, desired=5, DisableScaleIn=True)
    (policy,) = world.api.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    (alarm,) = policy["Alarms"]
    assert "-AlarmHigh-" in alarm["AlarmName"]
    assert len(world.cloudwatch.describe_alarms({})["MetricAlarms"]) == 1
    world.minutes(20, cpu=1)
    assert world.ecs.desired == 5


def test_alarms_of_policies_are_cloudwatchs_and_go_with_them(world: World) -> None:
    """A policy's two alarms are named and described as AWS's, kept by an update, no operator's, and deleted with it."""
    tracked(world)
    before = world.cloudwatch.describe_alarms({})["MetricAlarms"]
    tracked(world, TargetValue=50.0)
    after = world.cloudwatch.describe_alarms({})["MetricAlarms"]
    assert [one["AlarmName"] for one in after] == [one["AlarmName"] for one in before]
    high, low = after
    assert high["AlarmName"].startswith("TargetTracking-service/prod/orders-AlarmHigh-")
    assert (high["Threshold"], high["EvaluationPeriods"], high["Statistic"]) == (50.0, 3, "Average")
    assert (low["Threshold"], low["EvaluationPeriods"], low["Period"]) == (45.0, 15, 60)
    assert world.cloudwatch.snapshot() == {"alarms": []}
    world.minutes(16, cpu=1)
    assert [entry for entry in world.journal.since(0) if entry.kind == "alarm"] == []
    world.api.deregister_scalable_target(**TARGET)
    assert world.cloudwatch.describe_alarms({})["MetricAlarms"] == []


def test_a_metric_of_ones_own_is_tracked(world: World) -> None:
    """Metric math over several metrics scales like a predefined metric; a group without traffic counts as none."""
    metrics: list[dict[str, Any]] = [
        {"Id": "total", "Expression": "FILL(requests1,0)+FILL(requests2,0)", "ReturnData": True}
    ]
    for number, group in ((1, "blue"), (2, "green")):
        metric = {
            "Namespace": "AWS/ApplicationELB",
            "MetricName": "RequestCountPerTarget",
            "Dimensions": [{"Name": "TargetGroup", "Value": group}],
        }
        metrics.append(
            {"Id": f"requests{number}", "MetricStat": {"Metric": metric, "Stat": "Sum"}, "ReturnData": False}
        )
    tracked(
        world,
        TargetValue=1000.0,
        PredefinedMetricSpecification=None,
        CustomizedMetricSpecification={"Metrics": metrics},
    )
    for _ in range(3):
        world.metrics.record(
            "AWS/ApplicationELB", "RequestCountPerTarget", {"TargetGroup": "green"}, 1500, world.clock.at
        )
        world.minutes(1)
    assert world.ecs.desired == math.ceil(3 * 1500 / 1000)


def test_a_minimum_that_rises_is_an_activity(world: World) -> None:
    """Raising the minimum raises the desired count, with the cause in AWS's words."""
    world.api.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=10)
    world.api.register_scalable_target(**TARGET, MinCapacity=4)
    assert world.ecs.desired == 4
    assert [one["Cause"] for one in world.activities()] == ["minimum capacity was set to 4"]
    assert world.activities(ResourceId="service/prod/other") == []


def test_an_unknown_metric_is_refused(world: World) -> None:
    """A metric that nothing here measures cannot be tracked unnoticed."""
    with pytest.raises(ApiError, match="the local cloud tracks one of"):
        tracked(world, PredefinedMetricSpecification={"PredefinedMetricType": "RDSReaderAverageCPUUtilization"})


CALM = Situation(
    direction=Direction.OUT,
    desired=4,
    minimum=2,
    maximum=8,
    suspended=False,
    value=140.0,
    target=70.0,
    since_last_seconds=None,
    cooldown_seconds=60,
    before_last=0,
    others_agree=True,
)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 8),
        ({"value": 71.0}, 5),
        ({"value": 1000.0}, 8),
        ({"suspended": True}, Kept.SUSPENDED),
        ({"desired": 8}, Kept.AT_MAXIMUM),
        ({"desired": 0, "value": 71.0}, 2),
        ({"since_last_seconds": 59, "before_last": 2}, Kept.COOLDOWN),
        ({"since_last_seconds": 59, "before_last": 3}, 6),
        ({"since_last_seconds": 60, "before_last": 2}, 8),
        ({"direction": Direction.IN}, 3),
        ({"direction": Direction.IN, "suspended": True}, Kept.SUSPENDED),
        ({"direction": Direction.IN, "desired": 2}, Kept.AT_MINIMUM),
        ({"direction": Direction.IN, "others_agree": False}, Kept.OTHERS),
        ({"direction": Direction.IN, "since_last_seconds": 59}, Kept.COOLDOWN),
        ({"direction": Direction.IN, "since_last_seconds": 60}, 3),
    ],
)
def test_what_a_red_alarm_scales(change: dict[str, Any], expected: int | Kept) -> None:
    """Every rule of the decision, one row each: suspended, bounds, cooldowns, proportion, other policies."""
    assert decide(dataclasses.replace(CALM, **change)) == expected
