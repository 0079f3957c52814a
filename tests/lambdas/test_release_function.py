"""The release function over a fake AWS, from CloudFormation's request to its answer."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from bluegreen.release.hook_log import verdict_line
from bluegreen.release.observation import WaitFor
from release_progress import Progress
from tests.lambdas.release_world import (
    BLUE,
    GREEN,
    NEW,
    OLD,
    SMOKE,
    START,
    advance,
    deployment,
    listener,
    request,
    service,
    target,
)


def test_a_release_is_started_followed_and_reported(world: Any, answers: Any, at: Any) -> None:
    """The whole of a good release: start, wait, and success while the old tasks are still kept."""
    state = advance({"request": request()})
    assert not state["done"]
    (created,) = world.called("codedeploy.create_deployment")
    assert (created["applicationName"], created["deploymentGroupName"]) == ("orders-app", "orders-group")
    assert created["description"] == "release of v2 (orders:2)"
    spec = json.loads(created["revision"]["appSpecContent"]["content"])
    properties = spec["Resources"][0]["TargetService"]["Properties"]
    assert properties["TaskDefinition"] == NEW
    assert properties["LoadBalancerInfo"] == {"ContainerName": "app", "ContainerPort": 8080}
    assert properties["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "DISABLED"
    assert spec["Hooks"] == [{"AfterAllowTestTraffic": SMOKE}]

    world.answers["codedeploy.get_deployment"] = deployment("InProgress")
    world.answers["codedeploy.batch_get_deployment_targets"] = target(6, "InProgress")
    world.answers["elbv2.describe_listeners"] = listener(90, 10)
    at(10)
    state = advance(state)
    assert not state["done"]

    world.answers["codedeploy.get_deployment"] = deployment("InProgress", instanceTerminationWaitTimeStarted=True)
    world.answers["codedeploy.batch_get_deployment_targets"] = target(8)
    world.answers["elbv2.describe_listeners"] = listener(0, 100)
    world.answers["ecs.describe_services"] = service(NEW, GREEN)
    state = advance(state)
    assert state["done"]
    assert answers == [("SUCCESS", "v2 serves all of production since d-1", "shop/orders")]
    assert len(world.called("codedeploy.create_deployment")) == 1


def test_a_rejected_release_quotes_the_hook(world: Any, answers: Any, at: Any) -> None:
    """A failed hook's own words reach the stack's events, after CodeDeploy's rollback has ended."""
    state = advance({"request": request()})
    error = {"errorInformation": {"code": "HOOK_EXECUTION_FAILURE", "message": "hook failed"}}
    world.answers["codedeploy.get_deployment"] = deployment("Failed", **error)
    world.answers["codedeploy.batch_get_deployment_targets"] = target(4, "Failed")
    state = advance(state)
    assert not state["done"], "the rollback's id is not known yet"

    rollbacks = {
        "d-1": deployment("Failed", **error, rollbackInfo={"rollbackDeploymentId": "d-2"}),
        "d-2": deployment("InProgress", creator="codeDeployRollback"),
    }
    targets = {"d-1": target(4, "Failed"), "d-2": target(6, "InProgress")}
    world.answers["codedeploy.get_deployment"] = lambda deploymentId: rollbacks[deploymentId]  # noqa: N803 - AWS's name
    world.answers["codedeploy.batch_get_deployment_targets"] = lambda deploymentId, **_: targets[deploymentId]  # noqa: N803
    state = advance(state)
    assert not state["done"], "the rollback has not ended yet"

    rollbacks["d-2"] = deployment("Succeeded", creator="codeDeployRollback")
    reasons = ("first", "GET /health: status: expected 200, got 503")
    lines = [verdict_line("d-1", "Failed", reason) for reason in reasons]
    world.answers["logs.filter_log_events"] = {"events": [{"message": line} for line in lines]}
    at(100)
    assert advance(state)["done"]
    message = (
        "release of v2 failed at AfterAllowTestTraffic (HOOK_EXECUTION_FAILURE): hook orders-smoke said: "
        "GET /health: status: expected 200, got 503; log group orders-smoke-log; deployment d-1, rolled back by d-2; "
        "production: 100 % on orders:1"
    )
    assert answers == [("FAILED", message, "shop/orders")]
    (query,) = world.called("logs.filter_log_events")
    assert query["logGroupName"] == "orders-smoke-log"
    assert query["startTime"] / 1000 == pytest.approx(time.time() - 3600, abs=60), (
        "logs are dated by the machine's clock"
    )


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException"])
def test_a_log_that_cannot_be_read_does_not_hide_the_failure(
    world: Any, answers: Any, refusal: Callable[..., ClientError], code: str
) -> None:
    """Without the hook's words the message still names the hook and its log."""
    progress = Progress(START, deployment_id="d-1", waiting_since={WaitFor.ROLLBACK_START: 0.0})
    world.answers["codedeploy.get_deployment"] = deployment(
        "Failed", errorInformation={"code": "HOOK_EXECUTION_FAILURE"}
    )
    world.answers["codedeploy.batch_get_deployment_targets"] = target(4, "Failed")
    world.answers["logs.filter_log_events"] = refusal(code)
    advance({"request": request(), "progress": progress.to_dict()})
    assert (
        "hook orders-smoke gave no reason; log group orders-smoke-log; deployment d-1, not rolled back" in answers[0][1]
    )


def test_an_alarm_at_a_hooks_step_is_not_blamed_on_the_hook(world: Any, answers: Any) -> None:
    """A deployment stopped by an alarm while a hook ran names the alarm, and reads no log."""
    progress = Progress(START, deployment_id="d-1", waiting_since={WaitFor.ROLLBACK_START: 0.0})
    error = {"code": "ALARM_ACTIVE", "message": "… Activated alarms: <orders-errors>"}
    world.answers["codedeploy.get_deployment"] = deployment("Stopped", errorInformation=error)
    world.answers["codedeploy.batch_get_deployment_targets"] = target(4, "Failed")
    advance({"request": request(), "progress": progress.to_dict()})
    assert "(ALARM_ACTIVE): alarm orders-errors" in answers[0][1]
    assert world.called("logs.filter_log_events") == []


def test_what_is_live_is_not_released_again(world: Any, answers: Any) -> None:
    """The stack's own rollback, back to the live version, starts no deployment."""
    assert advance({"request": request(TaskDefinition=OLD, Version="v1")})["done"]
    assert answers[0][:2] == ("SUCCESS", "v1 is live already")
    assert world.called("codedeploy.create_deployment") == []


@pytest.mark.parametrize(
    ("action", "live"),
    [
        ({"TargetGroupArn": BLUE, "Type": "forward"}, True),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": BLUE}]}}, True),
        ({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}, False),
        ({"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": BLUE, "Weight": 0}]}}, False),
    ],
)
def test_every_form_of_a_default_action_is_understood(
    *, world: Any, answers: Any, action: dict[str, Any], live: bool
) -> None:
    """Only a forward of all traffic to the primary task set's group makes its version live."""
    world.answers["elbv2.describe_listeners"] = {"Listeners": [{"DefaultActions": [action]}]}
    assert advance({"request": request(TaskDefinition=OLD)})["done"] is live
    assert bool(answers) is live


@pytest.mark.parametrize(
    "revision",
    [
        {"appSpecContent": {"content": json.dumps({"Resources": [{"S": {"Properties": {"TaskDefinition": NEW}}}]})}},
        {"string": {"content": json.dumps({"Resources": [{"S": {"Properties": {"TaskDefinition": NEW}}}]})}},
        {"appSpecContent": {"sha256": "0"}},
        {},
    ],
)
def test_a_deployment_of_the_same_version_is_adopted(world: Any, answers: Any, revision: dict[str, Any]) -> None:
    """What the deployment brings is read from its AppSpec, or from the task set it made; then it is followed."""
    candidate = {"status": "ACTIVE", "taskDefinition": NEW, "externalId": "d-7", "loadBalancers": []}
    world.answers |= {
        "ecs.describe_services": service(OLD, BLUE, candidate),
        "codedeploy.list_deployments": {"deployments": ["d-7"]},
        "codedeploy.get_deployment": deployment("InProgress", revision=revision),
        "codedeploy.batch_get_deployment_targets": target(1, "InProgress"),
    }
    state = advance({"request": request()})
    assert state["progress"]["deployment_id"] == "d-7"
    assert world.called("codedeploy.create_deployment") == []
    assert answers == []
    (query,) = world.called("codedeploy.list_deployments")
    assert query["includeOnlyStatuses"] == ["Created", "Queued", "InProgress", "Baking", "Ready"]


def test_a_deployment_that_the_list_did_not_show_yet_is_waited_for(
    world: Any, answers: Any, refusal: Callable[..., ClientError]
) -> None:
    """CodeDeploy's refusal of a second deployment is no failure: the next look adopts or waits."""
    world.answers["codedeploy.create_deployment"] = refusal("DeploymentLimitExceededException")
    state = advance({"request": request()})
    assert not state["done"]
    assert list(state["progress"]["waiting_since"]) == ["OTHER_RELEASE"]
    assert answers == []


def test_a_start_whose_answer_was_lost_is_not_started_twice(world: Any, answers: Any) -> None:
    """CodeDeploy may have started what it did not confirm in time: the next look finds it and follows it."""
    world.answers["codedeploy.create_deployment"] = ReadTimeoutError(endpoint_url="https://codedeploy")
    state = advance({"request": request()})
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-1"]},
        "codedeploy.get_deployment": deployment("InProgress"),
    }
    state = advance(state)
    assert state["progress"]["deployment_id"] == "d-1"
    assert len(world.called("codedeploy.create_deployment")) == 1
    assert answers == []


def test_a_step_that_is_taken_twice_changes_nothing(world: Any, answers: Any) -> None:
    """When a step's result was lost, the state machine takes it again with the old memory: what it began is adopted."""
    first = {"request": request()}
    advance(first)
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-1"]},
        "codedeploy.get_deployment": deployment("InProgress"),
    }
    again = advance(first)
    assert again["progress"]["deployment_id"] == "d-1"
    assert len(world.called("codedeploy.create_deployment")) == 1
    assert answers == []


def test_a_kept_previous_version_makes_way(world: Any, refusal: Callable[..., ClientError]) -> None:
    """The wait before old tasks are removed is ended once; when CodeDeploy is not ready for that, it is asked again."""
    content = json.dumps({"Resources": [{"S": {"Properties": {"TaskDefinition": OLD}}}]})
    world.answers |= {
        "codedeploy.list_deployments": {"deployments": ["d-0"]},
        "codedeploy.get_deployment": deployment("InProgress", revision={"string": {"content": content}}),
        "codedeploy.batch_get_deployment_targets": target(8),
        "codedeploy.continue_deployment": refusal("InvalidDeploymentStatusException"),
    }
    state = advance({"request": request()})
    world.answers["codedeploy.continue_deployment"] = {}
    for _ in range(3):
        state = advance(state)
    asked = {"deploymentId": "d-0", "deploymentWaitType": "TERMINATION_WAIT"}
    assert world.called("codedeploy.continue_deployment") == [asked, asked]
    world.answers["codedeploy.list_deployments"] = {"deployments": []}
    state = advance(state)
    assert state["progress"]["deployment_id"] == "d-1"


@pytest.mark.parametrize(
    "operation", ["ecs.describe_services", "elbv2.describe_listeners", "codedeploy.create_deployment"]
)
@pytest.mark.parametrize("code", ["ThrottlingException", "AccessDeniedException", "Odd"])
def test_aws_failing_for_a_while_is_no_verdict(
    *, world: Any, answers: Any, at: Any, refusal: Callable[..., ClientError], operation: str, code: str
) -> None:
    """Throttling, server errors and late permissions are waited out, and forgotten once they are over."""
    good = world.answers[operation]
    world.answers[operation] = refusal(code, status=500 if code == "Odd" else 400)
    state = advance({"request": request()})
    at(200)
    state = advance(state)
    assert list(state["progress"]["waiting_since"]) == ["AWS"]
    world.answers[operation] = good
    at(400)
    state = advance(state)
    assert state["progress"]["deployment_id"] == "d-1"
    assert state["progress"]["waiting_since"] == {}
    assert answers == []


def test_aws_not_answering_for_long_is_a_failure_that_says_so(world: Any, answers: Any, at: Any) -> None:
    """After its bound, blindness is reported with what AWS last said, and nothing is guessed."""
    world.answers["ecs.describe_services"] = ReadTimeoutError(endpoint_url="https://ecs")
    state = advance({"request": request()})
    at(301)
    assert advance(state)["done"]
    assert answers[0][0] == "FAILED"
    assert "ReadTimeoutError" in answers[0][1]


@pytest.mark.parametrize(
    ("operation", "answer", "said"),
    [
        ("codedeploy.create_deployment", "InvalidRevisionException", "Ask: InvalidRevisionException: told Invalid"),
        ("codedeploy.list_deployments", "ApplicationDoesNotExistException", "ApplicationDoesNotExistException"),
        ("ecs.describe_services", {"services": []}, "service orders does not exist in cluster shop"),
        ("ecs.describe_services", {"services": [{"status": "INACTIVE"}]}, "service orders does not exist"),
        ("elbv2.describe_listeners", {"Listeners": []}, "listener/app/orders/1/2 does not exist"),
    ],
)
def test_a_refusal_that_waiting_cannot_heal_fails_at_once(
    *, world: Any, answers: Any, refusal: Callable[..., ClientError], operation: str, answer: Any, said: str
) -> None:
    """A request that AWS finds wrong fails the stack with AWS's own words."""
    world.answers[operation] = refusal(answer) if isinstance(answer, str) else answer
    assert advance({"request": request()})["done"]
    assert answers[0][0] == "FAILED"
    assert said in answers[0][1]


def test_a_deployment_without_targets_yet_is_only_young(
    world: Any, answers: Any, refusal: Callable[..., ClientError]
) -> None:
    """Just after its creation a deployment has no lifecycle events to tell, which is no error."""
    state = advance({"request": request()})
    world.answers["codedeploy.get_deployment"] = deployment("Created")
    world.answers["codedeploy.list_deployment_targets"] = refusal("DeploymentNotStartedException")
    assert not advance(state)["done"]
    assert answers == []
