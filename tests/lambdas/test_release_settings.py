"""What changes without a release, and what comes with one."""

from typing import Any

import pytest

from tests.lambdas.release_world import (
    BLUE,
    GREEN,
    LISTENER,
    OLD,
    TEST_LISTENER,
    advance,
    deployment,
    listener,
    request,
    service,
)

CHECK = {
    "Path": "/new",
    "Matcher": "204",
    "IntervalSeconds": "20",
    "TimeoutSeconds": "6",
    "HealthyThreshold": "3",
    "UnhealthyThreshold": "4",
}
CHANGED = {"HealthCheck": CHECK, "DeregistrationSeconds": "45", "GraceSeconds": "300"}


def test_a_new_health_check_reaches_only_the_version_that_brings_it(world: Any) -> None:
    """With a release, the idle group gets all settings before the deployment starts, and the live one none."""
    live = dict(world.groups[BLUE])
    advance({"request": request(**CHANGED)})
    assert world.groups[BLUE] == live
    assert world.groups[GREEN]["HealthCheckPath"] == "/new"
    assert world.groups[GREEN]["Matcher"] == {"HttpCode": "204"}
    assert world.groups[GREEN]["deregistration"] == "45"
    operations = [name for name, _ in world.calls]
    assert operations.index("elbv2.modify_target_group") < operations.index("codedeploy.create_deployment")
    assert operations.index("ecs.update_service") < operations.index("codedeploy.create_deployment")


@pytest.mark.parametrize(("primary", "group", "weights"), [(OLD, BLUE, (100, 0)), (OLD, GREEN, (0, 100))])
def test_without_a_release_the_live_version_gets_what_cannot_hurt_it(
    *, world: Any, answers: Any, primary: str, group: str, weights: tuple[int, int]
) -> None:
    """Interval, timeout, thresholds, delay and grace period change at once; path and statuses wait for a release."""
    world.answers["ecs.describe_services"] = service(primary, group)
    world.answers["elbv2.describe_listeners"] = listener(*weights)
    idle = GREEN if group == BLUE else BLUE
    before = dict(world.groups[idle])
    assert advance({"request": request(TaskDefinition=OLD, **CHANGED)})["done"]
    assert answers[0][0] == "SUCCESS"
    live = world.groups[group]
    assert (live["HealthCheckPath"], live["Matcher"]) == ("/health", {"HttpCode": "200"})
    assert (live["HealthCheckIntervalSeconds"], live["HealthCheckTimeoutSeconds"]) == (20, 6)
    assert (live["HealthyThresholdCount"], live["UnhealthyThresholdCount"]) == (3, 4)
    assert live["deregistration"] == "45"
    assert world.groups[idle] == before
    assert world.called("ecs.update_service") == [
        {"cluster": "shop", "service": "orders", "healthCheckGracePeriodSeconds": 300}
    ]
    assert world.called("codedeploy.create_deployment") == []


def test_what_is_as_it_should_be_is_not_touched(world: Any) -> None:
    """An update that changes none of these settings makes no call that could change one."""
    advance({"request": request(TaskDefinition=OLD)})
    changing = ("modify", "update", "create", "register")
    assert [name for name, _ in world.calls if name.partition(".")[2].startswith(changing)] == []


def test_settings_that_aws_does_not_take_just_now_are_set_later(world: Any, answers: Any, refusal: Any) -> None:
    """A throttled setting is no verdict: the next step comes to the same end and sets it."""
    modify = world.answers["elbv2.modify_target_group"]
    world.answers["elbv2.modify_target_group"] = refusal("Throttling")
    state = advance({"request": request(TaskDefinition=OLD, **CHANGED)})
    assert not state["done"]
    world.answers["elbv2.modify_target_group"] = modify
    assert advance(state)["done"]
    assert answers[0][0] == "SUCCESS"
    assert world.groups[BLUE]["HealthCheckIntervalSeconds"] == 20


def test_an_adopted_release_gets_its_settings_too(world: Any) -> None:
    """A deployment of the same version that somebody else started uses the idle group with the version's settings."""
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
    }
    state = advance({"request": request(**CHANGED)})
    assert state["progress"]["deployment_id"] == "d-7"
    assert world.groups[GREEN]["HealthCheckPath"] == "/new"


def test_a_listener_that_was_overwritten_is_repaired(world: Any, answers: Any, at: Any) -> None:
    """When production left the live tasks without a deployment, both listeners go back; other groups stay at 0."""
    world.answers["elbv2.describe_listeners"] = listener(0, 100)
    state = advance({"request": request(TaskDefinition=OLD)})
    assert world.called("elbv2.modify_listener") == [], "a listener may lag"
    at(30)
    state = advance(state)
    both = world.called("elbv2.modify_listener")
    assert [call["ListenerArn"] for call in both] == [LISTENER, TEST_LISTENER]
    for call in both:
        (action,) = call["DefaultActions"]
        assert action["ForwardConfig"]["TargetGroups"] == [
            {"TargetGroupArn": BLUE, "Weight": 100},
            {"TargetGroupArn": GREEN, "Weight": 0},
        ]
    world.answers["elbv2.describe_listeners"] = listener(100, 0)
    at(35)
    assert advance(state)["done"]
    assert answers[0][0] == "SUCCESS"


def test_capacity_providers_and_network_ride_the_release(world: Any) -> None:
    """What ECS refuses to change of a service travels in the AppSpec of its next release."""
    strategy = [{"CapacityProvider": "FARGATE_SPOT", "Base": "1", "Weight": "3"}]
    advance({"request": request(CapacityProviderStrategy=strategy)})
    (created,) = world.called("codedeploy.create_deployment")
    content = created["revision"]["appSpecContent"]["content"]
    assert '"CapacityProviderStrategy":[{"CapacityProvider":"FARGATE_SPOT","Base":1,"Weight":3}]' in content
    assert '"Subnets":["subnet-1"]' in content
