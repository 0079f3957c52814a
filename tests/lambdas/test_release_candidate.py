"""How the release function judges the tasks of the version that it releases."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from release_progress import Progress
from tests.lambdas.release_world import (
    BLUE,
    NEW,
    OLD,
    START,
    advance,
    crashed,
    deployment,
    ecs_time,
    request,
    service,
    target,
)


@pytest.fixture
def installing(world: Any, at: Any) -> Any:
    """A deployment of two tasks that is at Install since a moment, and no task has stopped."""
    candidate = {
        "status": "ACTIVE",
        "taskDefinition": NEW,
        "externalId": "d-1",
        "createdAt": ecs_time(10),
        "computedDesiredCount": 2,
    }
    world.answers |= {
        "ecs.describe_services": service(OLD, BLUE, candidate),
        "ecs.list_tasks": lambda **_: {"taskArns": [task["taskArn"] for task in world.stopped]},
        "ecs.describe_tasks": lambda **_: {"tasks": world.stopped},
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.batch_get_deployment_targets": target(1, "InProgress"),
    }
    world.stopped = []
    at(60)
    return world


FOLLOWING = {"request": request(), "progress": Progress(START, deployment_id="d-1").to_dict()}


def test_a_candidate_that_crashes_is_given_up_and_the_message_says_why(installing: Any, answers: Any) -> None:
    """Three failed tasks stop Install with CodeDeploy's rollback, and the stack hears how the newest one's ended."""
    installing.stopped = [crashed(2), crashed(1)]
    state = advance(FOLLOWING)
    assert installing.called("codedeploy.stop_deployment") == []

    ended = [{"name": "collector", "exitCode": 137}, {"name": "app", "exitCode": 3}]
    installing.stopped.insert(0, crashed(3, containers=ended))
    state = advance(state)
    assert installing.called("codedeploy.stop_deployment") == [{"deploymentId": "d-1", "autoRollbackEnabled": True}]
    state = advance(state)
    assert len(installing.called("ecs.list_tasks")) == 2, "once it is stopped there is nothing to look for"
    assert len(installing.called("codedeploy.stop_deployment")) == 1

    error = {"errorInformation": {"code": "MANUAL_STOP", "message": "the deployment was stopped on request"}}
    found = {
        "d-1": deployment("Stopped", **error, rollbackInfo={"rollbackDeploymentId": "d-2"}),
        "d-2": deployment("Succeeded", creator="codeDeployRollback"),
    }
    installing.answers["codedeploy.get_deployment"] = lambda deploymentId: found[deploymentId]  # noqa: N803 - AWS's name
    installing.answers["codedeploy.batch_get_deployment_targets"] = target(1, "Failed")
    installing.answers["ecs.describe_services"] = service()
    assert advance(state)["done"]
    message = (
        "release of v2 failed: Install gave up after 3 failed tasks: Essential container in task exited "
        "(app: exit code 3; collector: exit code 137); log group orders-log; deployment d-1, rolled back by d-2; "
        "production: 100 % on orders:1"
    )
    assert answers == [("FAILED", message, "shop/orders")]


def test_the_candidates_tasks_are_looked_for_in_two_calls(installing: Any) -> None:
    """One page of the service's stopped tasks is listed and described; none are described when none stopped."""
    advance(FOLLOWING)
    (listed,) = installing.called("ecs.list_tasks")
    assert listed == {"cluster": "shop", "serviceName": "orders", "desiredStatus": "STOPPED", "maxResults": 100}
    assert installing.called("ecs.describe_tasks") == []
    installing.stopped = [crashed(1)]
    advance(FOLLOWING)
    (described,) = installing.called("ecs.describe_tasks")
    assert described == {"cluster": "shop", "tasks": ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"taskDefinitionArn": OLD},
        {"created": 0},
        {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by (deployment x)"},
    ],
)
def test_other_stopped_tasks_give_nothing_up(installing: Any, changed: dict[str, Any]) -> None:
    """Tasks of the live version, of an earlier attempt, and tasks that scaling stopped say nothing of the candidate."""
    installing.stopped = [crashed(number, **changed) for number in range(9)]
    advance(FOLLOWING)
    assert len(installing.called("ecs.describe_tasks")) == 1
    assert installing.called("codedeploy.stop_deployment") == []


@pytest.mark.parametrize("done", [0, 2, 6])
def test_tasks_are_only_looked_at_during_install(installing: Any, done: int) -> None:
    """Before and after Install nothing is asked about stopped tasks."""
    installing.answers["codedeploy.batch_get_deployment_targets"] = target(done, "InProgress")
    advance(FOLLOWING)
    assert installing.called("ecs.list_tasks") == []


@pytest.mark.parametrize("operation", ["ecs.list_tasks", "ecs.describe_tasks"])
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException", "InvalidParameterException"])
def test_a_look_at_tasks_that_fails_fails_no_release(
    *, installing: Any, answers: Any, refusal: Callable[..., ClientError], operation: str, code: str
) -> None:
    """When AWS does not tell, the release goes on as if no task had failed."""
    installing.stopped = [crashed(number) for number in range(9)]
    installing.answers[operation] = refusal(code)
    state = advance(FOLLOWING)
    assert not state["done"]
    assert list(state["progress"]["waiting_since"]) == ["STEP"]
    assert answers == []


def test_a_release_without_its_task_set_yet_goes_on(installing: Any) -> None:
    """Install begins before CodeDeploy has made the task set; until then there is nothing to count."""
    installing.answers["ecs.describe_services"] = service()
    assert not advance(FOLLOWING)["done"]
    assert installing.called("ecs.list_tasks") == []
