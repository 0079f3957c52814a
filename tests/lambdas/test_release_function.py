"""The release function over a fake AWS, from CloudFormation's request to its answer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

import cloudformation_answer
import handler
from bluegreen.release.hook_log import verdict_line
from bluegreen.release.observation import WaitFor
from release_progress import Progress
from release_request import ReleaseRequest

START = 1_700_000_000
OLD = "arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:1"
NEW = "arn:aws:ecs:eu-west-1:111122223333:task-definition/orders:2"
BLUE, GREEN = (f"arn:aws:elasticloadbalancing:eu-west-1:111122223333:targetgroup/{name}/1" for name in ("b", "g"))
LISTENER = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:listener/app/orders/1/2"
SMOKE = "arn:aws:lambda:eu-west-1:111122223333:function:orders-smoke:live"
EVENTS = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
PROPERTIES = {
    "ServiceToken": "arn:aws:lambda:eu-west-1:111122223333:function:release",
    "Application": "orders-app",
    "DeploymentGroup": "orders-group",
    "Cluster": "shop",
    "Service": "orders",
    "TaskDefinition": NEW,
    "ContainerName": "app",
    "ContainerPort": "8080",
    "Version": "v2",
    "ProductionListener": LISTENER,
    "TargetGroups": [BLUE, GREEN],
    "Hooks": {"AfterAllowTestTraffic": SMOKE},
    "HookLogGroups": {"AfterAllowTestTraffic": "orders-smoke-log"},
    "LogGroup": "orders-log",
    "NetworkConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": ["sg-1"], "AssignPublicIp": "DISABLED"},
    "PlatformVersion": "1.4.0",
}


def request(kind: str = "Update", **changed: Any) -> dict[str, Any]:
    made = {
        "RequestType": kind,
        "RequestId": "r-1",
        "StackId": "arn:stack",
        "LogicalResourceId": "Release",
        "ResponseURL": "http://127.0.0.1:1/answer",
        "ResourceProperties": PROPERTIES | changed,
    }
    return made | ({"OldResourceProperties": PROPERTIES | {"TaskDefinition": OLD}} if kind == "Update" else {})


def listener(blue: int, green: int) -> dict[str, Any]:
    groups = [{"TargetGroupArn": BLUE, "Weight": blue}, {"TargetGroupArn": GREEN, "Weight": green}]
    return {"Listeners": [{"DefaultActions": [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]}]}


def service(primary: str = OLD, group: str = BLUE, *others: dict[str, Any]) -> dict[str, Any]:
    first = {"status": "PRIMARY", "taskDefinition": primary, "loadBalancers": [{"targetGroupArn": group}]}
    return {"services": [{"status": "ACTIVE", "taskSets": [first, *others]}]}


def deployment(status: str, **more: Any) -> dict[str, Any]:
    content = json.dumps({"Resources": [{"TargetService": {"Properties": {"TaskDefinition": NEW}}}]})
    info = {"status": status, "creator": "user", "revision": {"appSpecContent": {"content": content}}}
    return {"deploymentInfo": info | more}


def target(done: int, now: str | None = None) -> dict[str, Any]:
    """A target with so many lifecycle events behind it; the next one has the status `now`, the rest are pending."""
    statuses = ["Succeeded"] * done + ([now] if now else [])
    events = [
        {"lifecycleEventName": event, "status": statuses[index] if index < len(statuses) else "Pending"}
        for index, event in enumerate(EVENTS)
    ]
    return {"deploymentTargets": [{"ecsTarget": {"lifecycleEvents": events}}]}


@pytest.fixture
def world(aws: Any) -> Any:
    """The old version is live on blue, and nothing is under way."""
    aws.answers |= {
        "ecs.describe_services": service(),
        "elbv2.describe_listeners": listener(100, 0),
        "codedeploy.list_deployments": {"deployments": []},
        "codedeploy.create_deployment": {"deploymentId": "d-1"},
        "codedeploy.list_deployment_targets": {"targetIds": ["shop:orders"]},
        "codedeploy.batch_get_deployment_targets": target(0),
        "codedeploy.stop_deployment": {},
        "codedeploy.continue_deployment": {},
    }
    return aws


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What CloudFormation is told: status, reason and physical id."""
    told: list[tuple[str, str, str]] = []
    monkeypatch.setattr(cloudformation_answer, "send", lambda _, *answer: told.append(answer))
    return told


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the clock."""

    def set_clock(now: float) -> None:
        monkeypatch.setattr(handler, "clock", lambda: START + now)

    set_clock(0)
    return set_clock


def advance(state: dict[str, Any]) -> dict[str, Any]:
    """One round of the state machine: through JSON, as Step Functions carries it."""
    result = handler.handle({"step": "advance"} | state, None)
    return json.loads(json.dumps(result))  # type: ignore[no-any-return] # a document of ours


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
    assert query["startTime"] == (START + 100 - 3600) * 1000


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


def ecs_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(START + seconds, UTC)


def crashed(number: int, created: float = 20, **changed: Any) -> dict[str, Any]:
    """A stopped task of the candidate as DescribeTasks gives it."""
    return {
        "taskArn": f"arn:aws:ecs:eu-west-1:111122223333:task/shop/{number}",
        "taskDefinitionArn": NEW,
        "createdAt": ecs_time(created + number),
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "containers": [{"name": "app", "exitCode": number}, {"name": "sidecar"}],
    } | changed


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
    """Three failed tasks stop Install with CodeDeploy's rollback, and the stack hears of the newest one's exit code."""
    installing.stopped = [crashed(2), crashed(1)]
    state = advance(FOLLOWING)
    assert installing.called("codedeploy.stop_deployment") == []

    installing.stopped.insert(0, crashed(3))
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
        "(app: exit code 3); log group orders-log; deployment d-1, rolled back by d-2; production: 100 % on orders:1"
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


def test_a_creation_asks_aws_nothing(aws: Any, answers: Any) -> None:
    """The first creation succeeds at once, so that nothing that is still being created can fail it."""
    assert advance({"request": request("Create")})["done"]
    assert answers == [("SUCCESS", "v2 is what the service was created with", "shop/orders")]
    assert aws.calls == []


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


@pytest.mark.parametrize("code", ["ApplicationDoesNotExistException", "AccessDeniedException", "ThrottlingException"])
def test_a_deletion_is_never_held_up(world: Any, answers: Any, refusal: Callable[..., ClientError], code: str) -> None:
    """Whatever AWS refuses, the stack can be deleted."""
    world.answers["codedeploy.list_deployments"] = refusal(code)
    assert advance({"request": request("Delete")})["done"]
    assert answers[0][0] == "SUCCESS"


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


# --- the function's other callers -----------------------------------------------------------------------------------


@pytest.fixture
def machine(aws: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A state machine that can be started."""
    monkeypatch.setenv("BLUEGREEN_STATE_MACHINE_ARN", "arn:aws:states:eu-west-1:111122223333:stateMachine:release")
    aws.answers["stepfunctions.start_execution"] = {}
    return aws


def test_cloudformations_request_starts_the_state_machine(machine: Any, answers: Any) -> None:
    """The request is handed on under its own id, and not answered yet."""
    assert handler.handle(request(), None) is None
    (started,) = machine.called("stepfunctions.start_execution")
    assert started["name"] == "r-1"
    assert json.loads(started["input"]) == {"request": request()}
    assert answers == []


def test_a_request_that_comes_twice_is_started_once(
    machine: Any, answers: Any, refusal: Callable[..., ClientError]
) -> None:
    """Lambda may deliver a request again; the second delivery changes nothing."""
    machine.answers["stepfunctions.start_execution"] = refusal("ExecutionAlreadyExists")
    assert handler.handle(request(), None) is None
    assert answers == []


@pytest.mark.parametrize("broken", ["refused", "no state machine", "no id"])
def test_a_request_that_cannot_be_started_is_answered(
    machine: Any, answers: Any, refusal: Callable[..., ClientError], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """CloudFormation never waits an hour for a state machine that does not run."""
    event = request()
    if broken == "refused":
        machine.answers["stepfunctions.start_execution"] = refusal("AccessDeniedException")
    elif broken == "no state machine":
        monkeypatch.delenv("BLUEGREEN_STATE_MACHINE_ARN")
    else:
        del event["RequestId"]
    handler.handle(event, None)
    assert [(status, resource) for status, _, resource in answers] == [("FAILED", "shop/orders")]


@pytest.mark.parametrize(("kind", "status"), [("Create", "FAILED"), ("Update", "FAILED"), ("Delete", "SUCCESS")])
def test_an_abandoned_request_is_answered(answers: Any, kind: str, status: str) -> None:
    """When the state machine gives up, the stack fails with the error; a deletion goes on."""
    error = {"Error": "Lambda.Timeout", "Cause": "x" * 9000}
    result = handler.handle({"step": "abandon", "request": request(kind), "error": error}, None)
    assert result == {"done": True, "request": request(kind)}
    ((told, reason, resource),) = answers
    assert (told, resource) == (status, "shop/orders")
    assert "Lambda.Timeout" in reason
    assert len(reason.encode()) <= 1000


def test_a_request_without_its_properties_is_abandoned_not_misread() -> None:
    """A missing property stops the step with an error that names it; the state machine then answers."""
    event = request()
    del event["ResourceProperties"]["DeploymentGroup"]
    with pytest.raises(ValueError, match="needs the property DeploymentGroup"):
        handler.handle({"step": "advance", "request": event}, None)


@pytest.mark.parametrize("event", [{}, {"step": "dance", "request": {}}, {"step": "advance"}])
def test_an_unknown_event_is_refused(event: dict[str, Any]) -> None:
    """An event of no known caller is an error that says what came."""
    with pytest.raises(ValueError, match="an event has a step or a RequestType"):
        handler.handle(event, None)


def test_an_answer_that_cloudformation_did_not_take_is_given_again(
    world: Any, at: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A success is not turned into a failure because the answer did not get through the first time."""
    problems = [cloudformation_answer.AnswerError("HTTP 503", final=False)]
    told: list[str] = []

    def send(_: Any, status: str, *_more: str) -> None:
        if problems:
            raise problems.pop()
        told.append(status)

    monkeypatch.setattr(cloudformation_answer, "send", send)
    state = advance({"request": request(TaskDefinition=OLD)})
    assert not state["done"]
    assert advance(state)["done"]
    assert told == ["SUCCESS"]
    assert world.called("codedeploy.create_deployment") == []
    problems.append(cloudformation_answer.AnswerError("HTTP 403", final=True))
    with pytest.raises(cloudformation_answer.AnswerError):
        advance(state)
    problems.append(cloudformation_answer.AnswerError("HTTP 503", final=False))
    at(3500)
    with pytest.raises(cloudformation_answer.AnswerError):
        advance(state)


def test_every_property_that_the_release_uses_is_read() -> None:
    """Optional properties may be absent or empty; the rest must be there."""
    absent = {"Hooks", "HookLogGroups", "LogGroup", "PlatformVersion"}
    slim = {key: value for key, value in PROPERTIES.items() if key not in absent}
    slim["NetworkConfiguration"] = ""
    parsed = ReleaseRequest.read(request() | {"ResourceProperties": slim})
    assert parsed.appspec.network is None
    assert parsed.appspec.hooks == {}
    assert parsed.physical_id == "shop/orders"
