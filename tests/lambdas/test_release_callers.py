"""The release function's callers: CloudFormation, the state machine when it gives up, and what comes twice."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

import cloudformation_answer
import handler
import state_machine
from release_request import ReleaseRequest
from tests.lambdas.release_world import OLD, PROPERTIES, advance, request


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


def test_permissions_that_are_a_moment_behind_are_waited_for(machine: Any, refusal: Callable[..., ClientError]) -> None:
    """The role was made seconds ago: a start that is denied is tried again, with jitter and an end."""
    denied = [refusal("AccessDeniedException"), refusal("ThrottlingException")]

    def start(**_: Any) -> dict[str, Any]:
        if denied:
            raise denied.pop()
        return {}

    machine.answers["stepfunctions.start_execution"] = start
    pauses: list[float] = []
    state_machine.start("r-1", request(), sleep=pauses.append)
    assert len(pauses) == 2
    machine.answers["stepfunctions.start_execution"] = refusal("AccessDeniedException")
    with pytest.raises(ClientError):
        state_machine.start("r-1", request(), sleep=pauses.append)
    assert len(pauses) == 2 + 5
    assert max(pauses) <= 8, "all attempts together fit into the function's minute"


@pytest.mark.parametrize("broken", ["refused", "no state machine", "no id"])
def test_a_request_that_cannot_be_started_is_answered(
    machine: Any, answers: Any, refusal: Callable[..., ClientError], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """CloudFormation never waits an hour for a state machine that does not run."""
    event = request()
    if broken == "refused":
        machine.answers["stepfunctions.start_execution"] = refusal("StateMachineDoesNotExist")
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
    assert result == {"done": True}
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

    def send(_: Any, status: str, *_more: str, **_attributes: Any) -> None:
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
