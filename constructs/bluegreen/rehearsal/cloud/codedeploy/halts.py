"""The ways in which a deployment ends badly, with the error codes and words that GetDeployment shows."""

from collections.abc import Sequence

from .aws import ActionError
from .deployment import Halt, Status, StopRequest
from .groups import RollbackEvent


def refused(error: ActionError) -> Halt:
    """Another service refused what the deployment needs."""
    return Halt(Status.FAILED, error.code, str(error), RollbackEvent.FAILURE)


def broken(error: Exception) -> Halt:
    """The local cloud itself is at fault."""
    return Halt(Status.FAILED, "INTERNAL_ERROR", f"{type(error).__name__}: {error}", RollbackEvent.FAILURE)


def hook_failed(event: str, function: str) -> Halt:
    """A hook answered Failed."""
    return _hook(f"the hook at {event} reported failure: function {function} answered Failed")


def hook_silent(event: str, function: str, seconds: int) -> Halt:
    """A hook did not answer in time."""
    return _hook(f"the hook at {event} did not report its status: function {function} gave no answer in {seconds} s")


def hook_not_invoked(event: str, function: str, error: ActionError) -> Halt:
    """A hook could not be invoked."""
    return _hook(f"the hook at {event} could not be invoked: function {function}: {error}")


def install_timeout(minutes: int) -> Halt:
    """The replacement did not become steady."""
    message = (
        "The deployment timed out while waiting for the replacement task set to become healthy. "
        f"This time out period is {minutes} minutes."
    )
    return Halt(Status.FAILED, "TIMEOUT", message, RollbackEvent.FAILURE)


def alarms_active(names: Sequence[str]) -> Halt:
    """An alarm is red. The sentence is AWS's, because clients read the names out of it."""
    listed = " ".join(f"<{name}>" for name in names)
    message = (
        "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, "
        f"and the affected deployments have been stopped. Activated alarms: {listed}"
    )
    return Halt(Status.STOPPED, "ALARM_ACTIVE", message, RollbackEvent.STOP_ON_ALARM)


def alarms_unreadable(reason: str) -> Halt:
    """The alarms' states could not be read. AWS documents the stop, but not its error code."""
    message = f"the states of the alarms could not be read: {reason}"
    return Halt(Status.STOPPED, "INTERNAL_ERROR", message, RollbackEvent.STOP_ON_ALARM)


def stopped(request: StopRequest) -> Halt:
    """StopDeployment was called."""
    message = "the deployment was stopped on request"
    return Halt(Status.STOPPED, "MANUAL_STOP", message, RollbackEvent.STOP_ON_REQUEST, request.rollback)


def never_continued(minutes: int) -> Halt:
    """Nobody continued the deployment. AWS documents the status, but no error code, nor which rollback it asks for."""
    message = f"the deployment was ready but not continued within {minutes} minutes"
    return Halt(Status.STOPPED, "TIMEOUT", message, RollbackEvent.STOP_ON_REQUEST)


def group_missing() -> Halt:
    """The deployment group was deleted. There is nothing left to roll back with."""
    message = "the deployment group was deleted while the deployment was under way"
    return Halt(Status.FAILED, "DEPLOYMENT_GROUP_MISSING", message, RollbackEvent.FAILURE, rollback=False)


def _hook(message: str) -> Halt:
    return Halt(Status.FAILED, "HOOK_EXECUTION_FAILURE", message, RollbackEvent.FAILURE)
