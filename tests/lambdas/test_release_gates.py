"""What holds a release up before it starts, and what never holds up the way back."""

import json
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

OVERRIDE = {"Version": "v2", "Reason": "the alarm is about v1, which v2 fixes"}
BACK = "UPDATE_ROLLBACK_IN_PROGRESS"


def red(*names: str, composite: bool = False) -> dict[str, Any]:
    kinds = ("CompositeAlarms", "MetricAlarms") if composite else ("MetricAlarms", "CompositeAlarms")
    return {kinds[0]: [{"AlarmName": name} for name in names], kinds[1]: []}


def stack(status: str) -> dict[str, Any]:
    return {"Stacks": [{"StackStatus": status}]}


def going_back(**changed: Any) -> dict[str, Any]:
    """CloudFormation's request to go back from the new version to the old one."""
    properties = {"TaskDefinition": OLD, "Version": "v1"} | changed
    return request(**properties) | {"OldResourceProperties": PROPERTIES | {"TaskDefinition": NEW, "Version": "v2"}}


@pytest.fixture
def released(world: Any) -> Any:
    """The new version is live on green, the old tasks are gone, and CloudFormation takes the update back."""
    world.answers |= {
        "cloudformation.describe_stacks": stack(BACK),
        "ecs.describe_services": service(NEW, GREEN),
        "elbv2.describe_listeners": listener(0, 100),
    }
    return world


@pytest.mark.parametrize("composite", [False, True])
def test_a_red_alarm_refuses_a_release_before_it_starts(world: Any, answers: Any, *, composite: bool) -> None:
    """Nothing is started that CodeDeploy would stop at once; the message names the alarm."""
    world.answers["cloudwatch.describe_alarms"] = red("orders-errors", composite=composite)
    assert advance({"request": request()})["done"]
    assert answers[0][0] == "FAILED"
    assert "orders-errors" in answers[0][1]
    assert world.called("codedeploy.create_deployment") == []
    (asked,) = world.called("cloudwatch.describe_alarms")
    assert asked["AlarmNames"] == ["orders-errors", "orders-p95"]
    assert asked["AlarmTypes"] == ["MetricAlarm", "CompositeAlarm"]


def test_an_override_releases_without_the_red_alarm_and_records_why(world: Any) -> None:
    """The fix of what the alarm is about goes out: the other alarm still watches, and the deployment says why."""
    world.answers["cloudwatch.describe_alarms"] = red("orders-errors")
    state = advance({"request": request(AlarmOverride=OVERRIDE)})
    (created,) = world.called("codedeploy.create_deployment")
    assert created["overrideAlarmConfiguration"] == {
        "enabled": True,
        "alarms": [{"name": "orders-p95"}],
        "ignorePollAlarmFailure": False,
    }
    said = "release of v2 (orders:2) although in ALARM: orders-errors: the alarm is about v1, which v2 fixes"
    assert created["description"] == said
    assert json.loads(created["revision"]["appSpecContent"]["content"])["Hooks"], "the hooks still judge it"
    assert state["progress"]["ignored_alarms"] == ["orders-errors"]


def test_an_override_of_all_alarms_watches_none(world: Any) -> None:
    """CodeDeploy refuses an enabled alarm configuration without alarms."""
    world.answers["cloudwatch.describe_alarms"] = red("orders-errors", "orders-p95")
    advance({"request": request(AlarmOverride=OVERRIDE)})
    (created,) = world.called("codedeploy.create_deployment")
    assert created["overrideAlarmConfiguration"] == {"enabled": False}


def test_an_override_that_is_not_needed_overrides_nothing(world: Any) -> None:
    """While no alarm is red, all of them watch the release, whatever may be overridden."""
    advance({"request": request(AlarmOverride=OVERRIDE)})
    (created,) = world.called("codedeploy.create_deployment")
    assert "overrideAlarmConfiguration" not in created


def test_an_override_for_another_version_does_not_count(world: Any, answers: Any) -> None:
    """What was said for one version is not carried over to the next."""
    world.answers["cloudwatch.describe_alarms"] = red("orders-errors")
    advance({"request": request(AlarmOverride=OVERRIDE | {"Version": "v1"})})
    assert answers[0][0] == "FAILED"


def test_a_refused_release_leaves_the_kept_tasks_alone(world: Any, answers: Any) -> None:
    """Alarms are asked about before the previous release's kept tasks make way."""
    world.answers |= {
        "cloudwatch.describe_alarms": red("orders-errors"),
        "codedeploy.list_deployments": {"deployments": ["d-0"]},
        "codedeploy.get_deployment": deployment("InProgress", revision={}, instanceTerminationWaitTimeStarted=True),
        "codedeploy.batch_get_deployment_targets": target(8),
    }
    assert advance({"request": request()})["done"]
    assert answers[0][0] == "FAILED"
    assert world.called("codedeploy.continue_deployment") == []


def test_alarms_are_asked_about_only_before_a_start(world: Any) -> None:
    """A deploy that releases nothing asks CloudWatch nothing."""
    advance({"request": request(TaskDefinition=OLD)})
    assert world.called("cloudwatch.describe_alarms") == []


def test_the_way_back_is_held_up_by_nothing(released: Any) -> None:
    """All at once, without hooks, without alarms: the old version was live before, and its alarm may still be red."""
    released.answers["cloudwatch.describe_alarms"] = red("orders-errors", "orders-p95")
    advance({"request": going_back()})
    (created,) = released.called("codedeploy.create_deployment")
    assert created["deploymentConfigName"] == "CodeDeployDefault.ECSAllAtOnce"
    assert created["overrideAlarmConfiguration"] == {"enabled": False}
    assert "Hooks" not in json.loads(created["revision"]["appSpecContent"]["content"])
    assert created["description"] == "back to v1 (orders:1)"
    assert released.called("cloudwatch.describe_alarms") == []


def ended(created: int, **more: Any) -> dict[str, Any]:
    """An earlier deployment of the old version."""
    content = json.dumps({"Resources": [{"S": {"Properties": {"TaskDefinition": OLD}}}]})
    revision = {"string": {"content": content}}
    return deployment("Stopped", **({"revision": revision, "createTime": ecs_time(created)} | more))


@pytest.mark.parametrize(
    "revision", [{"string": {"content": ended(0)["deploymentInfo"]["revision"]["string"]["content"]}}, {}]
)
@pytest.mark.parametrize("newest_failed", [True, False])
def test_a_version_that_failed_after_it_was_handed_on_is_not_brought_back(
    *, released: Any, answers: Any, revision: dict[str, Any], newest_failed: bool
) -> None:
    """What CodeDeploy rolled back last time is not what production ran before the update, whatever the stack thinks."""
    told = {"revision": revision, "description": "release of v1 (orders:1)"}
    undone, good = {"rollbackInfo": {"rollbackDeploymentId": "d-9"}}, {}
    found = {
        "d-1": ended(10, **told, **(good if newest_failed else undone)),
        "d-2": ended(20, **told, **(undone if newest_failed else good)),
        "d-9": ended(30, **told, creator="codeDeployRollback"),
    }
    group(released, found)
    assert advance({"request": going_back()})["done"] is newest_failed
    assert [status for status, *_ in answers] == (["SUCCESS"] if newest_failed else [])
    assert len(released.called("codedeploy.create_deployment")) == (0 if newest_failed else 1)


def test_old_tasks_that_are_kept_take_the_traffic_back(released: Any, answers: Any, at: Any) -> None:
    """While the old tasks are kept, CodeDeploy's own stop-with-rollback is the way back; nothing else is started."""
    kept = {"status": "ACTIVE", "taskDefinition": OLD, "loadBalancers": [{"targetGroupArn": BLUE}]}
    found = {"d-1": deployment("InProgress", instanceTerminationWaitTimeStarted=True)}
    group(released, found)
    released.answers |= {
        "ecs.describe_services": service(NEW, GREEN, kept),
        "codedeploy.batch_get_deployment_targets": target(8),
    }
    state = advance({"request": going_back()})
    assert released.called("codedeploy.stop_deployment") == [{"deploymentId": "d-1", "autoRollbackEnabled": True}]
    found["d-1"] = deployment("Stopped", completeTime=ecs_time(5))
    at(10)
    state = advance(state)
    found["d-1"] = deployment("Stopped", completeTime=ecs_time(5), rollbackInfo={"rollbackDeploymentId": "d-2"})
    found["d-2"] = deployment("Succeeded", creator="codeDeployRollback", createTime=ecs_time(12))
    released.answers |= {
        "ecs.describe_services": service(OLD, BLUE),
        "elbv2.describe_listeners": listener(100, 0),
    }
    at(20)
    assert advance(state)["done"]
    assert answers[0][:2] == ("SUCCESS", "v1 is live already")
    assert released.called("codedeploy.create_deployment") == []


def test_a_late_request_of_the_way_forward_is_not_taken_for_the_way_back(world: Any, answers: Any) -> None:
    """A new version whose update is being taken back already is never released, least of all without its gates."""
    world.answers["cloudformation.describe_stacks"] = stack(BACK)
    assert advance({"request": request()})["done"]
    assert answers[0][0] == "SUCCESS", "were it the way back after all, a failure would leave the stack stuck"
    assert world.called("codedeploy.create_deployment") == []


def test_a_request_that_cloudformation_gave_up_starts_nothing_later(world: Any, answers: Any, at: Any) -> None:
    """One that waited for another release while its update was taken back, ends; it would undo the way back."""
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-0"]},
        "codedeploy.get_deployment": deployment("InProgress", revision={"string": {"content": "{}"}}),
    }
    state = advance({"request": request()})
    world.answers["cloudformation.describe_stacks"] = stack("UPDATE_ROLLBACK_COMPLETE")
    at(60)
    state = advance(state)
    world.answers["codedeploy.list_deployments"] = {"deployments": []}
    world.answers["cloudformation.describe_stacks"] = stack("UPDATE_IN_PROGRESS")
    at(90)
    state = advance(state) if not state["done"] else state
    assert state["done"]
    assert "not begun" in answers[0][1]
    assert world.called("codedeploy.create_deployment") == []


def test_cloudformation_is_asked_about_the_requests_own_stack(world: Any) -> None:
    """Also a nested stack's release asks for the status of its own stack, by id."""
    advance({"request": request()})
    (asked,) = world.called("cloudformation.describe_stacks")
    assert asked == {"StackName": request()["StackId"]}


def test_another_release_is_stopped_only_when_asked(world: Any) -> None:
    """By the policy "stop", what another release started is stopped with CodeDeploy's rollback, once."""
    content = json.dumps({"Resources": [{"S": {"Properties": {"TaskDefinition": f"{OLD}7"}}}]})
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-0"]},
        "codedeploy.get_deployment": deployment("InProgress", revision={"string": {"content": content}}),
        "codedeploy.batch_get_deployment_targets": target(1, "InProgress"),
    }
    advance({"request": request()})
    assert world.called("codedeploy.stop_deployment") == []
    state = advance({"request": request(WhenBusy="stop")})
    advance(state)
    assert world.called("codedeploy.stop_deployment") == [{"deploymentId": "d-0", "autoRollbackEnabled": True}]
