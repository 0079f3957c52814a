"""The deletion of a service, also while a release of it is under way."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.lambdas.release_world import TOPIC, advance, deployment, request, target


@pytest.mark.parametrize("code", ["", "DeploymentAlreadyCompletedException"])
def test_a_deletion_stops_what_is_under_way(
    world: Any, answers: Any, refusal: Callable[..., ClientError], code: str
) -> None:
    """A deletion stops the release without a rollback, waits for the stop, and succeeds."""
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.stop_deployment": refusal(code) if code else {},
    }
    state = advance({"request": request("Delete")})
    assert world.called("codedeploy.stop_deployment") == [{"deploymentId": "d-7", "autoRollbackEnabled": False}]
    world.answers["codedeploy.get_deployment"] = deployment("Stopped")
    assert advance(state)["done"]
    assert answers == [("SUCCESS", "nothing is under way", "shop/orders")]


@pytest.mark.parametrize(
    ("done", "notifications", "told"), [(6, TOPIC, True), (1, TOPIC, True), (8, TOPIC, False), (6, "", False)]
)
def test_the_owner_hears_that_a_deletion_ended_a_release(
    world: Any, done: int, notifications: str, *, told: bool
) -> None:
    """Told once, at once; not when only old tasks were kept, nor without a topic."""
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.batch_get_deployment_targets": target(done, "InProgress"),
    }
    state = advance({"request": request("Delete", Notifications=notifications)})
    advance(state)
    subjects = [call["Subject"] for call in world.called("sns.publish")]
    assert subjects == (["orders: deleted during a release; the stack named v2"] if told else [])
    assert len(world.called("codedeploy.stop_deployment")) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "NotFoundException", "AuthorizationErrorException"])
def test_a_notification_that_fails_changes_nothing_of_a_deletion(
    world: Any, answers: Any, refusal: Callable[..., ClientError], code: str
) -> None:
    """The deployment is stopped and the deletion goes on, whether its owner could be told or not."""
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
        "sns.publish": refusal(code),
    }
    state = advance({"request": request("Delete", Notifications=TOPIC)})
    assert state["progress"]["asked"] == ["d-7"]
    world.answers["codedeploy.get_deployment"] = deployment("Stopped")
    assert advance(state)["done"]
    assert answers == [("SUCCESS", "nothing is under way", "shop/orders")]


@pytest.mark.parametrize("code", ["ApplicationDoesNotExistException", "AccessDeniedException", "ThrottlingException"])
def test_a_deletion_is_never_held_up(world: Any, answers: Any, refusal: Callable[..., ClientError], code: str) -> None:
    """Whatever AWS refuses, the stack can be deleted."""
    world.answers["codedeploy.list_deployments"] = refusal(code)
    assert advance({"request": request("Delete")})["done"]
    assert answers[0][0] == "SUCCESS"
