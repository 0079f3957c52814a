"""How the candidate's tasks fare while ECS starts them, and when so many failed that waiting on is pointless."""

from dataclasses import dataclass

FEWEST_FAILED = 3
MOST_FAILED = 50
"""ECS's own deployment circuit breaker goes up to 200, but one look shows at most 100 stopped tasks, and those that
scaling stopped are among them: a higher limit might never be reached."""

_FAILED_TO_START = "TaskFailedToStart"  # no image, no secret, no network, no room
_CONTAINER_EXITED = "EssentialContainerExited"
_FAILED_CHECKS = ("task failed elb health checks", "task failed container health checks")


@dataclass(frozen=True, kw_only=True)
class StoppedContainer:
    """One container of a task that stopped.

    Args:
        name: Its name.
        exit_code: Its exit code; None when it never ran or has not ended yet.
        reason: What ECS adds, such as "OutOfMemoryError: …".
    """

    name: str
    exit_code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class StoppedTask:
    """One task that ECS stopped or is stopping.

    Args:
        code: ECS's stop code; None when ECS gives none.
        reason: ECS's stopped reason.
        containers: Its containers.
    """

    code: str | None
    reason: str
    containers: tuple[StoppedContainer, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether it stopped because something is wrong with it, not because scaling or a person stopped it.

        Example:
            >>> StoppedTask(code="ServiceSchedulerInitiated", reason="Scaling activity initiated by …").failed
            False
            >>> StoppedTask(code="ServiceSchedulerInitiated", reason="Task failed ELB health checks in …").failed
            True
        """
        return self.code in {_FAILED_TO_START, _CONTAINER_EXITED} or self.reason.lower().startswith(_FAILED_CHECKS)

    @property
    def ran(self) -> bool:
        """Whether its containers ran, so that they may have written to their log."""
        return self.code != _FAILED_TO_START

    @property
    def why(self) -> str:
        """Why it stopped: ECS's reason, the exit codes when a container ended by itself, and what ECS says of each.

        Example:
            >>> app = StoppedContainer(name="app", exit_code=137, reason="OutOfMemoryError: killed")
            >>> exited = "Essential container in task exited"
            >>> StoppedTask(code="EssentialContainerExited", reason=exited, containers=(app,)).why
            'Essential container in task exited (app: exit code 137, OutOfMemoryError: killed)'
        """
        details = [
            f"{container.name}: {', '.join(said)}" for container in self.containers if (said := self._of(container))
        ]
        reason = self.reason or self.code or "no reason given"
        return f"{reason} ({'; '.join(details)})" if details else reason

    def _of(self, container: StoppedContainer) -> list[str]:
        said = []
        if self.code == _CONTAINER_EXITED and container.exit_code is not None:
            said.append(f"exit code {container.exit_code}")  # otherwise it tells only how the container took its end
        if container.reason and container.reason not in self.reason:
            said.append(container.reason)
        return said


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """The candidate's tasks while a deployment installs them.

    Args:
        desired: How many tasks it is to run.
        stopped: Its tasks that stopped, the newest last.
    """

    desired: int
    stopped: tuple[StoppedTask, ...] = ()

    @property
    def failed(self) -> tuple[StoppedTask, ...]:
        """Its tasks that failed, the newest last."""
        return tuple(task for task in self.stopped if task.failed)

    @property
    def limit(self) -> int:
        """How many failed tasks are too many: half of those it is to run, at least 3 and at most 50.

        Example:
            >>> [Candidate(desired=desired).limit for desired in (0, 2, 6, 7, 100, 400)]
            [3, 3, 3, 4, 50, 50]
        """
        return min(max((self.desired + 1) // 2, FEWEST_FAILED), MOST_FAILED)

    @property
    def is_hopeless(self) -> bool:
        """Whether so many tasks failed that the candidate is given up."""
        return len(self.failed) >= self.limit
