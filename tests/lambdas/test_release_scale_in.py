"""Scale-in is suspended while a release shifts traffic, and goes on whatever ended it."""

from typing import Any

import pytest

import handler
from tests.lambdas.release_world import OLD, advance, deployment, request, take, target

SCALE_IN = "DynamicScalingInSuspended"
GROUP = {"deploymentGroupInfo": {"ecsServices": [{"clusterName": "shop", "serviceName": "orders"}]}}


def ended(state: str = "FAILURE") -> dict[str, Any]:
    """CodeDeploy's event as EventBridge delivers it."""
    detail = {
        "application": "orders-app",
        "deploymentGroup": "orders-group",
        "deploymentId": "d-1",
        "instanceGroupId": "i-1",
        "region": "eu-west-1",
        "state": state,
    }
    return {"source": "aws.codedeploy", "detail-type": "CodeDeploy Deployment State-change Notification"} | {
        "detail": detail
    }


@pytest.fixture
def suspended(world: Any) -> Any:
    """A release has suspended scale-in, and nothing is under way any more."""
    world.scaling[SCALE_IN] = True
    world.answers["codedeploy.get_deployment_group"] = GROUP
    return world


def shifting(world: Any) -> None:
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress"),
        "codedeploy.batch_get_deployment_targets": target(6, "InProgress"),
    }


def test_scale_in_is_suspended_before_the_deployment_starts(world: Any) -> None:
    """Only scale-in: what else is suspended, or not, stays so."""
    advance({"request": request()})
    assert world.scaling == {SCALE_IN: True, "ScheduledScalingSuspended": True}
    operations = [name for name, _ in world.calls]
    suspension = operations.index("application-autoscaling.register_scalable_target")
    assert suspension < operations.index("codedeploy.create_deployment")
    (registered,) = world.called("application-autoscaling.register_scalable_target")
    assert not registered.keys() & {"MinCapacity", "MaxCapacity"}


def test_scale_in_that_went_on_too_early_is_suspended_again(world: Any) -> None:
    """The end of the deployment before may let scale-in go on just after this one began: the next step sees to it."""
    world.answers["codedeploy.get_deployment"] = deployment("InProgress")
    state = advance({"request": request()})
    world.scaling[SCALE_IN] = False
    advance(state)
    assert world.scaling[SCALE_IN]


@pytest.mark.parametrize("operation", ["describe_scalable_targets", "register_scalable_target"])
@pytest.mark.parametrize("code", ["ThrottlingException", "ValidationException"])
def test_a_release_does_not_fail_because_scale_in_goes_on(
    *, world: Any, answers: Any, refusal: Any, operation: str, code: str
) -> None:
    """A release that is good goes on when scale-in cannot be suspended."""
    world.answers[f"application-autoscaling.{operation}"] = refusal(code)
    assert advance({"request": request()})["progress"]["deployment_id"] == "d-1"
    assert answers == []


def test_a_deploy_that_releases_nothing_leaves_scaling_alone(world: Any) -> None:
    """Without a release nothing is suspended, and nothing is asked."""
    advance({"request": request(TaskDefinition=OLD)})
    assert [name for name, _ in world.calls if name.startswith("application-autoscaling")] == []


def test_scale_in_goes_on_at_the_end(suspended: Any) -> None:
    """The state machine's last state lets scale-in go on, and leaves the rest as it is."""
    assert take("resume", request=request()) == {"done": True}
    assert suspended.scaling == {SCALE_IN: False, "ScheduledScalingSuspended": True}


def test_a_resumption_that_fails_is_an_error_so_that_it_is_tried_again(suspended: Any, refusal: Any) -> None:
    """Unlike a suspension, a resumption that AWS refuses is never passed over."""
    register = suspended.answers["application-autoscaling.register_scalable_target"]
    suspended.answers["application-autoscaling.register_scalable_target"] = refusal("ThrottlingException")
    with pytest.raises(Exception, match="ThrottlingException"):
        take("resume", request=request())
    suspended.answers["application-autoscaling.register_scalable_target"] = register
    take("resume", request=request())
    assert not suspended.scaling[SCALE_IN]


def test_a_refused_deploy_does_not_disturb_the_release_under_way(suspended: Any) -> None:
    """While a deployment still shifts traffic, scale-in stays suspended, whoever asks."""
    shifting(suspended)
    take("resume", request=request())
    handler.handle(ended() | {"detail": ended()["detail"] | {"deploymentId": "d-0"}}, None)
    assert suspended.scaling[SCALE_IN]


def test_kept_tasks_do_not_hold_scale_in(suspended: Any) -> None:
    """A deployment that only keeps the old tasks for a while shifts nothing any more."""
    shifting(suspended)
    suspended.answers["codedeploy.batch_get_deployment_targets"] = target(8)
    take("resume", request=request())
    assert not suspended.scaling[SCALE_IN]


@pytest.mark.parametrize("state", ["SUCCESS", "FAILURE", "STOP"])
def test_the_end_of_a_deployment_lets_scale_in_go_on_too(suspended: Any, state: str) -> None:
    """When nobody else did, CodeDeploy's own event does, as often as it comes."""
    for _ in range(2):
        handler.handle(ended(state), None)
    assert not suspended.scaling[SCALE_IN]
    assert len(suspended.called("application-autoscaling.register_scalable_target")) == 1


def test_an_event_is_believed_more_than_a_list_that_lags(suspended: Any) -> None:
    """CodeDeploy may still list as under way the very deployment that it just said has ended."""
    shifting(suspended)
    suspended.answers["codedeploy.list_deployments"] = {"deployments": ["d-1"]}
    handler.handle(ended(), None)
    assert not suspended.scaling[SCALE_IN]


@pytest.mark.parametrize("code", ["ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException"])
def test_the_end_of_a_deleted_services_deployment_is_nothing(suspended: Any, refusal: Any, code: str) -> None:
    """An event that arrives after the service is deleted is no error."""
    suspended.answers["codedeploy.get_deployment_group"] = refusal(code)
    assert handler.handle(ended(), None) is None


@pytest.mark.parametrize(
    "event",
    [request("Create"), request("Delete"), request() | {"ResourceType": "Custom::DeployedState"}],
    ids=["Create", "Delete", "DeployedState"],
)
def test_only_a_release_lets_scale_in_go_on(aws: Any, event: dict[str, Any]) -> None:
    """What never suspended it makes no call: at a deletion, the permission to do so may be gone already."""
    assert take("resume", request=event) == {"done": True}
    assert aws.calls == []
