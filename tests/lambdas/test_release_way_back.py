"""What the stack thinks was live, and CodeDeploy has rolled back since, is not brought back."""

from typing import Any

import pytest

from tests.lambdas.release_world import (
    GREEN,
    NEW,
    PROPERTIES,
    advance,
    deployment,
    ecs_time,
    group,
    listener,
    request,
    service,
)

LATER = NEW.replace("orders:2", "orders:3")
ROLLED_BACK = {"rollbackInfo": {"rollbackDeploymentId": "d-2"}}
FAILED = deployment("Failed", createTime=ecs_time(2), **ROLLED_BACK)
FAILED_EARLIER = deployment("Failed", createTime=ecs_time(1), **ROLLED_BACK)
SUCCEEDED = deployment("Succeeded", createTime=ecs_time(2))
STOPPED = deployment("Stopped", createTime=ecs_time(3), completeTime=ecs_time(-120))
UNDO = deployment("Succeeded", createTime=ecs_time(3), creator="codeDeployRollback", **ROLLED_BACK)
HASHED = deployment("Failed", createTime=ecs_time(3), revision={}, **ROLLED_BACK)


@pytest.mark.parametrize(
    ("history", "comes_back"),
    [
        ([], True),
        ([SUCCEEDED], True),
        ([FAILED], False),
        ([UNDO, FAILED], False),
        ([FAILED, UNDO], False),
        ([SUCCEEDED, FAILED_EARLIER], True),
        ([FAILED_EARLIER, SUCCEEDED], True),
        ([STOPPED, FAILED_EARLIER], True),
        ([HASHED], True),
        ([UNDO] * 24 + [FAILED], False),
        ([UNDO] * 25 + [FAILED], True),
    ],
)
def test_the_way_back_brings_what_was_not_rolled_back(
    world: Any, answers: Any, history: list[dict[str, Any]], *, comes_back: bool
) -> None:
    """Of the 25 first deployments listed, the newest that brought the version decides, in whatever order they come."""
    group(world, {f"d-{index}": info for index, info in enumerate(history)})
    world.answers |= {
        "cloudformation.describe_stacks": {"Stacks": [{"StackStatus": "UPDATE_ROLLBACK_IN_PROGRESS"}]},
        "ecs.describe_services": service(LATER, GREEN),
        "elbv2.describe_listeners": listener(0, 100),
    }
    before = PROPERTIES | {"TaskDefinition": LATER, "Version": "v3"}
    back = request(TaskDefinition=NEW, Version="v2") | {"OldResourceProperties": before}
    state = advance({"request": back})
    assert bool(world.called("codedeploy.create_deployment")) == comes_back
    assert state["done"] != comes_back
    if not comes_back:
        assert answers[0][0] == "SUCCESS"
        assert "v2 failed when it was released, and is not brought back" in answers[0][1]
