"""A request that comes between the failure of a deployment and CodeDeploy's rollback lets the rollback pass."""

from typing import Any

import pytest

from tests.lambdas.release_world import (
    BLUE,
    GREEN,
    NEW,
    OLD,
    PROPERTIES,
    advance,
    deployment,
    ecs_time,
    group,
    listener,
    request,
    service,
    target,
)

OTHER = NEW.replace("orders:2", "orders:9")
NAMED = {"rollbackInfo": {"rollbackDeploymentId": "d-8"}}


def failed(ended: float, **more: Any) -> dict[str, Any]:
    """A deployment that somebody else started and that failed after it had all traffic."""
    return deployment("Failed", revision={}, createTime=ecs_time(-600), completeTime=ecs_time(ended), **more)


@pytest.fixture
def failing(world: Any) -> dict[str, dict[str, Any]]:
    """CodeDeploy's deployments: one failed 5 seconds ago; an older one, listed first, is of no interest."""
    found = {
        "d-6": deployment("Succeeded", createTime=ecs_time(-900), completeTime=ecs_time(-800)),
        "d-7": failed(-5),
    }
    group(world, found)
    world.answers |= {
        "ecs.describe_services": service(OTHER, GREEN),
        "elbv2.describe_listeners": listener(0, 100),
        "codedeploy.batch_get_deployment_targets": target(7, "Failed"),
    }
    return found


@pytest.mark.parametrize("back", [False, True])
def test_a_rollback_that_is_not_named_yet_is_let_pass(world: Any, failing: Any, at: Any, *, back: bool) -> None:
    """Nothing is started in its place, on either way; then a release starts, and a way back has nothing left to do."""
    asked = request()
    if back:
        world.answers["cloudformation.describe_stacks"] = {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"}]}
        asked |= {"OldResourceProperties": PROPERTIES | {"TaskDefinition": OTHER}}
    state = advance({"request": asked})
    assert list(state["progress"]["waiting_since"]) == ["OTHER_ROLLBACK_START"]
    at(5)
    failing |= {
        "d-7": failed(-5, **NAMED),
        "d-8": deployment("InProgress", revision={}, creator="codeDeployRollback", createTime=ecs_time(4)),
    }
    state = advance(state)
    assert world.called("codedeploy.create_deployment") == []
    failing["d-8"]["deploymentInfo"]["status"] = "Succeeded"
    world.answers |= {"ecs.describe_services": service(OLD, BLUE), "elbv2.describe_listeners": listener(100, 0)}
    at(30)
    assert advance(state)["done"] is back
    assert len(world.called("codedeploy.create_deployment")) == (0 if back else 1)


@pytest.mark.parametrize(("ended", "starts"), [(-119, False), (-120, True), (None, False)])
def test_a_rollback_that_does_not_come_is_not_waited_for_long(
    world: Any, failing: Any, at: Any, ended: float | None, *, starts: bool
) -> None:
    """Two minutes after the failure, or, when CodeDeploy does not say when that was, after two minutes of waiting."""
    failing["d-7"] = failed(ended or 0)
    if ended is None:
        del failing["d-7"]["deploymentInfo"]["completeTime"]
    state = advance({"request": request()})
    assert bool(state["progress"]["deployment_id"]) == starts
    at(120)
    state = state if starts else advance(state)
    assert state["progress"]["deployment_id"] == "d-1"
    assert len(world.called("codedeploy.create_deployment")) == 1


def test_what_is_about_to_be_rolled_back_is_not_called_live(world: Any, failing: Any, answers: Any) -> None:
    """The version asked for has all traffic, and will not have it in a moment."""
    failing["d-7"] = failed(-5)
    world.answers["ecs.describe_services"] = service(NEW, GREEN)
    assert not advance({"request": request()})["done"]
    assert answers == []


def test_a_rollback_that_the_list_of_active_ones_does_not_show_yet_is_seen(world: Any, failing: Any) -> None:
    """CodeDeploy's lists may be a moment behind; what the deployment itself says counts."""
    failing |= {"d-7": failed(-5, **NAMED)}
    failing["d-8"] = deployment("InProgress", creator="codeDeployRollback", revision={}, createTime=ecs_time(1))
    listed = world.answers["codedeploy.list_deployments"]
    world.answers["codedeploy.list_deployments"] = lambda **asked: (
        {"deployments": []} if asked.get("includeOnlyStatuses") else listed(**asked)
    )
    state = advance({"request": request()})
    assert list(state["progress"]["waiting_since"]) == ["OTHER_RELEASE"]
    assert world.called("codedeploy.create_deployment") == []


def test_few_calls_tell_what_was_before(world: Any, failing: Any) -> None:
    """However many deployments a group has had, they are listed once and described once."""
    failing |= {f"d-{number}": deployment("Succeeded", createTime=ecs_time(-number)) for number in range(1000, 1100)}
    advance({"request": request()})
    assert len(world.called("codedeploy.list_deployments")) == 2, "the active ones, and all"
    assert len(world.called("codedeploy.batch_get_deployments")) == 1
    assert world.called("codedeploy.get_deployment") == []
