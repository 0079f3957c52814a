import json
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

import hook_runtime
from bluegreen.release.hook_log import reason_in
from bluegreen.release.structured_log import JsonFormatter
from hook_runtime import BadEventError, Invocation, Verdict

EVENT = {"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}
ANSWER = "codedeploy.put_lifecycle_event_hook_execution_status"


class Context:
    def __init__(self, milliseconds: int = 60_000) -> None:
        self._milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self._milliseconds


def passes(_: Invocation) -> Verdict:
    return Verdict(passed=True, reason="all well")


def fails(_: Invocation) -> Verdict:
    return Verdict(passed=False, reason="GET /: status: expected 200, got 503")


def crashes(_: Invocation) -> Verdict:
    raise ZeroDivisionError("division by zero")


@pytest.fixture(autouse=True)
def codedeploy(aws: Any) -> Any:
    """A deployment that a user created and that takes any answer."""
    aws.answers |= {"codedeploy.get_deployment": {"deploymentInfo": {"creator": "user"}}, ANSWER: {}}
    return aws


@pytest.mark.parametrize(
    ("work", "status", "reason"),
    [
        (passes, "Succeeded", "all well"),
        (fails, "Failed", "GET /: status: expected 200, got 503"),
        (crashes, "Failed", "the hook crashed: ZeroDivisionError: division by zero"),
    ],
)
def test_every_end_of_the_work_is_answered(aws: Any, work: hook_runtime.Work, status: str, reason: str) -> None:
    """A hook that passes, fails or crashes is answered once, with the status and the reason."""
    assert hook_runtime.run(EVENT, Context(), work) == {"deployment": "d-1", "status": status, "reason": reason}
    assert aws.called(ANSWER) == [
        {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status},
    ]


def test_a_hang_is_answered_before_lambdas_time_limit(aws: Any) -> None:
    """Work that never returns is answered Failed with half of a short time limit left."""
    never = threading.Event()

    def hangs(_: Invocation) -> Verdict:
        never.wait()
        return Verdict(passed=True, reason="too late")

    try:
        answer = hook_runtime.run(EVENT, Context(milliseconds=200), hangs)
    finally:
        never.set()
    assert answer["reason"] == "the hook did not finish before its time limit"
    assert [call["status"] for call in aws.called(ANSWER)] == ["Failed"]


@pytest.mark.parametrize(("total", "longest"), [(60, 40), (100, 80), (40, 20), (30, 15), (4, 2)])
def test_the_work_ends_early_enough_to_answer(total: int, longest: int) -> None:
    """The work gets what the answer does not need, and half of the time when that is short."""
    granted: list[float] = []

    def notes(invocation: Invocation) -> Verdict:
        granted.append(invocation.remaining_seconds())
        return Verdict(passed=True, reason="")

    hook_runtime.run(EVENT, Context(total * 1000), notes)
    assert longest - 1 < granted[0] <= longest


@pytest.mark.parametrize(
    "event", [{}, {"DeploymentId": "d-1"}, {"DeploymentId": "", "LifecycleEventHookExecutionId": "e"}, {"x": 1}]
)
def test_an_event_that_is_none_is_refused(aws: Any, event: dict[str, Any]) -> None:
    """Without a deployment and an execution there is nobody to answer; the error says what came."""
    with pytest.raises(BadEventError, match="a hook's event has DeploymentId"):
        hook_runtime.run(event, Context(), passes)
    assert aws.calls == []


@pytest.mark.parametrize(
    "code",
    [
        "LifecycleEventAlreadyCompletedException",
        "DeploymentDoesNotExistException",
        "InvalidLifecycleEventHookExecutionIdException",
    ],
)
def test_a_late_or_second_answer_is_harmless(aws: Any, refusal: Callable[..., ClientError], code: str) -> None:
    """When the event is over already, the invocation ends as if it had been heard."""
    aws.answers[ANSWER] = refusal(code)
    assert hook_runtime.run(EVENT, Context(), passes)["status"] == "Succeeded"


def test_an_answer_that_was_not_heard_is_an_error(aws: Any, refusal: Callable[..., ClientError]) -> None:
    """Lambda tries an invocation again that ends with an error, so an unheard answer ends with one."""
    aws.answers[ANSWER] = refusal("ThrottlingException")
    with pytest.raises(ClientError):
        hook_runtime.run(EVENT, Context(), passes)


def test_a_rollback_is_not_held_up(aws: Any) -> None:
    """In the deployment that undoes a release, a hook succeeds without doing its work."""
    aws.answers["codedeploy.get_deployment"] = {"deploymentInfo": {"creator": "codeDeployRollback"}}
    assert hook_runtime.run(EVENT, Context(), crashes)["status"] == "Succeeded"


@pytest.mark.parametrize("cause", ["AccessDeniedException", None])
def test_when_codedeploy_does_not_tell_the_work_is_done(
    aws: Any, refusal: Callable[..., ClientError], cause: str | None
) -> None:
    """Not knowing whether this is a rollback is no reason to let a release pass unchecked."""
    aws.answers["codedeploy.get_deployment"] = refusal(cause) if cause else ConnectTimeoutError(endpoint_url="x")
    assert hook_runtime.run(EVENT, Context(), fails)["status"] == "Failed"


def test_the_reason_is_logged_before_it_is_answered(aws: Any, caplog: pytest.LogCaptureFixture) -> None:
    """When CodeDeploy fails the release, the line that says why is in the log already."""
    logged: list[str | None] = []

    def answer(**_: Any) -> dict[str, Any]:
        logged.extend(reason_in(record.getMessage(), "d-1") for record in caplog.records)
        return {}

    aws.answers[ANSWER] = answer
    caplog.set_level(logging.INFO)
    hook_runtime.run(EVENT, Context(), fails)
    assert "GET /: status: expected 200, got 503" in logged


def test_a_crash_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """The log holds more about a crash than the one line of the reason."""
    hook_runtime.run(EVENT, Context(), crashes)
    assert any(record.exc_info for record in caplog.records)


def test_the_log_is_json_where_lambda_does_not_make_it_so() -> None:
    """A line of the fallback format is one JSON object with the fields that were given."""
    record = logging.makeLogRecord({"msg": "hook", "deployment": "d-1", "levelname": "ERROR", "odd": object()})
    document = json.loads(JsonFormatter().format(record))
    assert document["deployment"] == "d-1"
    assert document["level"] == "ERROR"


def test_work_may_hand_the_answer_over(aws: Any) -> None:
    """When the work says that somebody else answers, the runtime does not."""
    assert hook_runtime.run(EVENT, Context(), lambda _: None)["status"] == "InProgress"
    assert aws.called(ANSWER) == []


def test_who_took_the_answer_on_tells_codedeploy_as_the_runtime_does(
    aws: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A later answer is logged with its reason and names the same execution, which the work was told."""
    told: list[Invocation] = []
    hook_runtime.run(EVENT, Context(), told.append)
    caplog.set_level(logging.INFO)
    hook_runtime.answer("d-1", told[0].execution_id, Verdict(passed=False, reason="0007: no such table"))
    assert reason_in(caplog.records[-1].getMessage(), "d-1") == "0007: no such table"
    assert aws.called(ANSWER) == [
        {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": "Failed"},
    ]
