"""The one runtime of every lifecycle hook: an event in, always an answer out.

A hook that does not answer holds a release up for an hour. So whatever happens to the hook's work - an exception, a
hang, a time limit too short - the runtime answers, and the reason is in the log where the release function finds it.
Work that takes longer than a function may run hands the answer over: whoever took it on calls `answer`.

What a hook's role needs: codedeploy:PutLifecycleEventHookExecutionStatus and, so that a hook stays out of the way of a
rollback, codedeploy:GetDeployment, both on the deployment group.
"""

import functools
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bluegreen.release import hook_log, structured_log

structured_log.set_up()
_log = logging.getLogger("hook")

ANSWER_SECONDS = 20
"""How long before Lambda's time limit the runtime answers; half of the time left when there is less than twice that."""

_CONFIG = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "total_max_attempts": 4})
_NOTHING_TO_ANSWER = {
    "LifecycleEventAlreadyCompletedException",  # answered before, or too late: either way the deployment went on
    "DeploymentDoesNotExistException",
    "InvalidLifecycleEventHookExecutionIdException",
}


class LambdaContext(Protocol):
    """The part of Lambda's context object that the runtime uses."""

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still run."""


@dataclass(frozen=True)
class Invocation:
    """One call of a hook.

    Args:
        deployment_id: The release's deployment.
        deadline: When the answer is due, on the monotonic clock.
        execution_id: What an answer names beside the deployment; empty when the hook itself need not answer.
    """

    deployment_id: str
    deadline: float
    execution_id: str = ""

    def remaining_seconds(self) -> float:
        """Return how long the work may still take."""
        return self.deadline - time.monotonic()


@dataclass(frozen=True)
class Verdict:
    """How a hook's work ended: may the release go on, and why or why not."""

    passed: bool
    reason: str


Work = Callable[[Invocation], Verdict | None]
"""What a hook does. None hands the answer over: somebody else has taken it on, for certain."""


class BadEventError(ValueError):
    """The event is not one that CodeDeploy sends to a hook, so there is nobody to answer."""


@functools.cache
def client(service: str) -> Any:
    """Return the boto3 client of a service, with short timeouts and bounded retries."""
    return boto3.client(service, config=_CONFIG)  # type: ignore[call-overload] # a name known only at run time


def run(event: Mapping[str, Any], context: LambdaContext, work: Work) -> dict[str, str]:
    """Do a hook's work and answer CodeDeploy, unless the work hands the answer over.

    The work is skipped, and the answer is Succeeded, when the deployment is a rollback: nothing may hold that up.

    Args:
        event: What CodeDeploy sent.
        context: Lambda's context.
        work: What the hook does; anything it raises fails the release.

    Returns:
        Deployment, status and reason, as logged; the status is "InProgress" when the answer was handed over.

    Raises:
        BadEventError: If the event names no deployment or hook execution.
        botocore.exceptions.ClientError: If CodeDeploy refused the answer; Lambda's own retry then tries again.
    """
    started = time.monotonic()
    total = context.get_remaining_time_in_millis() / 1000
    deployment_id, execution_id = _parse(event)
    deadline = started + max(total - ANSWER_SECONDS, total / 2)
    invocation = Invocation(deployment_id, deadline, execution_id)
    if _is_rollback(deployment_id):
        verdict: Verdict | None = Verdict(passed=True, reason="a rollback is not held up by hooks")
    else:
        verdict = _within_deadline(invocation, work)
    if verdict is None:
        _log.info("the answer was handed over", extra={"deployment": deployment_id})
        return {"deployment": deployment_id, "status": "InProgress", "reason": "somebody else answers"}
    return answer(deployment_id, execution_id, verdict)


def answer(deployment_id: str, execution_id: str, verdict: Verdict) -> dict[str, str]:
    """Log a hook's verdict and tell CodeDeploy. Telling it twice, or too late, is harmless.

    Args:
        deployment_id: The release's deployment.
        execution_id: The hook's execution, as CodeDeploy named it to the hook.
        verdict: How the work ended.

    Returns:
        Deployment, status and reason, as logged.

    Raises:
        botocore.exceptions.ClientError: If CodeDeploy refused the answer.
        botocore.exceptions.BotoCoreError: If CodeDeploy could not be asked.
    """
    status = "Succeeded" if verdict.passed else "Failed"
    # Logged before it is answered: the answer sets off the failure whose reason is then looked up in the log.
    line = hook_log.verdict_line(deployment_id, status, verdict.reason)
    _log.log(
        logging.INFO if verdict.passed else logging.ERROR, line, extra={"deployment": deployment_id, "status": status}
    )
    _put(deployment_id, execution_id, status)
    return {"deployment": deployment_id, "status": status, "reason": verdict.reason}


def _parse(event: Mapping[str, Any]) -> tuple[str, str]:
    found = [event.get(key) for key in ("DeploymentId", "LifecycleEventHookExecutionId")]
    if not all(isinstance(value, str) and value for value in found):
        keys = ", ".join(sorted(map(str, event))) or "nothing"
        _log.error("not a lifecycle hook's event", extra={"keys": keys})
        raise BadEventError(f"a hook's event has DeploymentId and LifecycleEventHookExecutionId, got {keys}")
    return str(found[0]), str(found[1])


def _is_rollback(deployment_id: str) -> bool:
    """Ask CodeDeploy; when it does not say, do the work as for any release."""
    try:
        answer = client("codedeploy").get_deployment(deploymentId=deployment_id)
    except (ClientError, BotoCoreError) as error:
        _log.warning("cannot tell whether this is a rollback", extra={"deployment": deployment_id, "error": str(error)})
        return False
    return bool(answer["deploymentInfo"].get("creator") == "codeDeployRollback")


def _within_deadline(invocation: Invocation, work: Work) -> Verdict | None:
    """Do the work on a thread of its own, so that a hang cannot keep the answer back."""
    result: queue.SimpleQueue[Verdict | None] = queue.SimpleQueue()
    threading.Thread(target=lambda: result.put(_guarded(invocation, work)), name="hook", daemon=True).start()
    try:
        return result.get(timeout=max(invocation.remaining_seconds(), 0.001))
    except queue.Empty:
        return Verdict(passed=False, reason="the hook did not finish before its time limit")


def _guarded(invocation: Invocation, work: Work) -> Verdict | None:
    try:
        return work(invocation)
    except Exception as error:  # noqa: BLE001 - whatever it is, the release must be told
        _log.exception("the hook crashed", extra={"deployment": invocation.deployment_id})
        return Verdict(passed=False, reason=f"the hook crashed: {type(error).__name__}: {error}")


def _put(deployment_id: str, execution_id: str, status: str) -> None:
    try:
        client("codedeploy").put_lifecycle_event_hook_execution_status(
            deploymentId=deployment_id, lifecycleEventHookExecutionId=execution_id, status=status
        )
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code not in _NOTHING_TO_ANSWER:
            _log.exception("could not answer", extra={"deployment": deployment_id, "status": status})
            raise
        _log.info("answered already", extra={"deployment": deployment_id, "code": code})
