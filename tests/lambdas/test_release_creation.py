"""The first tasks of a service that was created without any."""

from typing import Any

import pytest

from tests.lambdas.release_world import BLUE, GREEN, NEW, advance, crashed, ecs_time, request


def created(*, desired: int = 0, running: int = 0, steady: bool = True) -> dict[str, Any]:
    primary = {
        "status": "PRIMARY",
        "taskDefinition": NEW,
        "createdAt": ecs_time(0),
        "loadBalancers": [{"targetGroupArn": BLUE}],
        "computedDesiredCount": desired,
        "runningCount": running,
        "stabilityStatus": "STEADY_STATE" if steady else "STABILIZING",
    }
    settings = {"desiredCount": desired, "healthCheckGracePeriodSeconds": 120}
    return {"services": [{"status": "ACTIVE", "taskSets": [primary]} | settings]}


@pytest.fixture
def creating(world: Any) -> Any:
    """A service without tasks, and target groups with nothing but ELB's defaults."""
    world.groups = {arn: {"HealthCheckPath": "/", "deregistration": "300"} for arn in (BLUE, GREEN)}
    world.answers |= {
        "cloudformation.describe_stacks": {"Stacks": [{"StackStatus": "CREATE_IN_PROGRESS"}]},
        "ecs.describe_services": created(),
        "ecs.list_tasks": lambda **_: {"taskArns": [task["taskArn"] for task in world.stopped]},
        "ecs.describe_tasks": lambda **_: {"tasks": world.stopped},
    }
    return world


def test_the_first_tasks_are_started_and_watched(creating: Any, answers: Any) -> None:
    """A new service gets its tasks by the one call that CODE_DEPLOY allows, and is created once they are healthy."""
    state = advance({"request": request("Create", GraceSeconds="60")})
    assert creating.called("ecs.update_service") == [
        {"cluster": "shop", "service": "orders", "desiredCount": 2, "healthCheckGracePeriodSeconds": 60}
    ]
    creating.answers["ecs.describe_services"] = created(desired=2, running=1, steady=False)
    state = advance(state)
    assert not state["done"]
    creating.answers["ecs.describe_services"] = created(desired=2, running=2)
    state = advance(state)
    assert state["done"]
    assert answers[0][0] == "SUCCESS"
    assert creating.called("codedeploy.create_deployment") == []


def test_a_first_task_is_checked_as_the_stack_asks_from_its_start(creating: Any) -> None:
    """Both target groups have health check and deregistration delay before the first task can start."""
    advance({"request": request("Create")})
    operations = [name for name, _ in creating.calls]
    settings = {"elbv2.modify_target_group", "elbv2.modify_target_group_attributes"}
    last = max(index for index, name in enumerate(operations) if name in settings)
    assert last < operations.index("ecs.update_service")
    for group in creating.groups.values():
        assert (group["HealthCheckPath"], group["deregistration"]) == ("/health", "30")


def test_autoscaling_may_start_the_first_tasks_before_the_release_does(creating: Any) -> None:
    """Tasks that autoscaling's minimum has started already are checked as the stack asks as well."""
    creating.answers["ecs.describe_services"] = created(desired=2, running=0, steady=False)
    advance({"request": request("Create")})
    assert creating.groups[BLUE]["HealthCheckPath"] == "/health"


def test_a_task_set_that_was_steady_without_tasks_is_not_yet_steady(creating: Any, answers: Any) -> None:
    """Just after scaling up, ECS may still call the task set steady at no tasks: that is no success."""
    stale = created(desired=0)
    stale["services"][0]["desiredCount"] = 2
    creating.answers["ecs.describe_services"] = stale
    assert not advance({"request": request("Create")})["done"]
    assert answers == []


def test_a_broken_first_version_fails_the_stack_within_minutes(creating: Any, answers: Any, at: Any) -> None:
    """First tasks that crash are given up after three, with the newest one's exit code in the stack's events."""
    state = advance({"request": request("Create")})
    creating.answers["ecs.describe_services"] = created(desired=2, running=0, steady=False)
    creating.stopped = [crashed(number) for number in (1, 2, 3)]
    at(90)
    assert advance(state)["done"]
    status, reason, _ = answers[0]
    assert status == "FAILED"
    assert "exit code 3" in reason
    assert "orders-log" in reason


def test_first_tasks_that_never_become_healthy_fail_after_their_time(creating: Any, answers: Any, at: Any) -> None:
    """Tasks that neither crash nor become healthy have the time that the stack gives them, and no more."""
    state = advance({"request": request("Create", StartSeconds="300")})
    creating.answers["ecs.describe_services"] = created(desired=2, running=2, steady=False)
    at(299)
    state = advance(state)
    assert not state["done"]
    at(301)
    assert advance(state)["done"]
    assert answers[0][0] == "FAILED"


def test_a_creation_that_is_taken_back_starts_nothing(creating: Any, answers: Any) -> None:
    """When CloudFormation takes the creation back already, no task is started for it."""
    creating.answers["cloudformation.describe_stacks"] = {"Stacks": [{"StackStatus": "ROLLBACK_IN_PROGRESS"}]}
    assert advance({"request": request("Create")})["done"]
    assert answers[0][0] == "FAILED"
    assert creating.called("ecs.update_service") == []
