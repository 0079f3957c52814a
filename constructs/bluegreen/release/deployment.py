"""What is known of one CodeDeploy deployment, and what follows from it."""

import re
from dataclasses import dataclass
from enum import StrEnum

from .lifecycle import LifecycleEvent


class DeploymentStatus(StrEnum):
    """A deployment's status, as CodeDeploy names it."""

    CREATED = "Created"
    QUEUED = "Queued"
    IN_PROGRESS = "InProgress"
    BAKING = "Baking"
    READY = "Ready"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    STOPPED = "Stopped"

    @classmethod
    def _missing_(cls, value: object) -> "DeploymentStatus":  # noqa: ARG003 - enum's signature
        """Hold a status that AWS added later for one under way: the safe reading, since it starts nothing."""
        return cls.IN_PROGRESS


ENDED = frozenset({DeploymentStatus.SUCCEEDED, DeploymentStatus.FAILED, DeploymentStatus.STOPPED})
ACTIVE = tuple(status for status in DeploymentStatus if status not in ENDED)
"""The statuses in which a deployment is the one active deployment of its group."""


class StepStatus(StrEnum):
    """A lifecycle event's status, as CodeDeploy names it."""

    PENDING = "Pending"
    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    SKIPPED = "Skipped"
    UNKNOWN = "Unknown"

    @classmethod
    def _missing_(cls, value: object) -> "StepStatus":  # noqa: ARG003 - enum's signature
        return cls.UNKNOWN


@dataclass(frozen=True)
class Step:
    """One lifecycle event of a deployment.

    Args:
        event: Its name.
        status: Its status.
        running_seconds: For how many seconds it has been in progress; None when it is not, or when it is not known.
    """

    event: str
    status: StepStatus
    running_seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One deployment, as far as a decision needs it.

    Args:
        id: Its id.
        status: Its status.
        task_definition: The task definition it brings; None when that cannot be known.
        rolls_back: Whether CodeDeploy started it to undo another one.
        termination_wait_started: Whether it only waits to remove the previous tasks.
        steps: Its lifecycle events in order; empty until CodeDeploy knows its target.
        error_code: Why it ended badly, such as "ALARM_ACTIVE".
        error_message: The same in words.
        rollback_id: The deployment that undoes it; appears some seconds after it failed.
        ended_seconds: How many seconds ago it ended; None when it has not, or when it is not known.
    """

    id: str
    status: DeploymentStatus
    task_definition: str | None = None
    rolls_back: bool = False
    termination_wait_started: bool = False
    steps: tuple[Step, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    rollback_id: str | None = None
    ended_seconds: int | None = None

    @property
    def ended(self) -> bool:
        """Whether it is over, well or badly."""
        return self.status in ENDED

    @property
    def ended_badly(self) -> bool:
        """Whether it failed or was stopped."""
        return self.status in {DeploymentStatus.FAILED, DeploymentStatus.STOPPED}

    @property
    def passed(self) -> bool:
        """Whether all traffic was moved and the last hook passed; the previous tasks may still be there."""
        if self.status is DeploymentStatus.SUCCEEDED:
            return True
        if self.ended_badly or self.failed_step is not None:
            return False
        done = {step.event for step in self.steps if step.status in {StepStatus.SUCCEEDED, StepStatus.SKIPPED}}
        listed = {step.event for step in self.steps}
        if LifecycleEvent.AFTER_ALLOW_TRAFFIC in listed:
            return LifecycleEvent.AFTER_ALLOW_TRAFFIC in done
        return self.termination_wait_started

    @property
    def only_waits_to_remove(self) -> bool:
        """Whether all that is left is to remove the previous tasks."""
        return self.passed and not self.ended

    @property
    def failed_step(self) -> str | None:
        """The lifecycle event that failed."""
        return next((step.event for step in self.steps if step.status is StepStatus.FAILED), None)

    @property
    def current_step(self) -> str | None:
        """The lifecycle event that is under way."""
        return next((step.event for step in self.steps if step.status is StepStatus.IN_PROGRESS), None)

    @property
    def running_seconds(self) -> int:
        """For how long that lifecycle event has been under way; 0 when none is, or when it is not known."""
        running = (step.running_seconds for step in self.steps if step.status is StepStatus.IN_PROGRESS)
        return next(running, None) or 0

    @property
    def installs(self) -> bool:
        """Whether ECS is starting the candidate's tasks for it at the moment."""
        return not self.ended and not self.rolls_back and self.current_step == LifecycleEvent.INSTALL

    @property
    def shifts(self) -> bool:
        """Whether production traffic has begun to move to what it brings."""
        begun = {StepStatus.IN_PROGRESS, StepStatus.SUCCEEDED, StepStatus.FAILED}
        return any(step.event == LifecycleEvent.ALLOW_TRAFFIC and step.status in begun for step in self.steps)

    @property
    def may_have_changed_anything(self) -> bool:
        """Whether it came as far as Install; before that there is nothing to roll back."""
        untouched = {StepStatus.PENDING, StepStatus.SKIPPED}
        return not any(step.event == LifecycleEvent.INSTALL and step.status in untouched for step in self.steps)

    @property
    def alarms(self) -> tuple[str, ...]:
        """The alarms that stopped it, which CodeDeploy tells only inside its message.

        Example:
            >>> message = "… Activated alarms: <orders-errors> <orders-p95>"
            >>> Deployment(id="d-1", status=DeploymentStatus.STOPPED, error_message=message).alarms
            ('orders-errors', 'orders-p95')
        """
        _, found, names = (self.error_message or "").partition("Activated alarms:")
        return tuple(re.findall(r"<([^<>]+)>", names)) if found else ()
