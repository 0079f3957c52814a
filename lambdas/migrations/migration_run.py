"""One run as its steps see it, and what a step may say."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from bluegreen.release.migrations.ledger import Mode
from bluegreen.release.migrations.result import Outcome
from machine_step import TASK_GRACE_SECONDS, Next
from migration_ledger import Ledger
from migration_progress import Phase, Progress
from migration_request import Request
from migration_settings import SHORTEST_TASK_SECONDS, Settings

_LONGEST_PLAN_SECONDS = 600


@dataclass
class Run:
    """One run at one moment.

    Args:
        request: What is asked.
        progress: What it remembers; changed in place.
        settings: The function's settings.
        execution: The execution's ARN.
        now: The time in seconds since the epoch.
    """

    request: Request
    progress: Progress
    settings: Settings
    execution: str
    now: float

    @cached_property
    def ledger(self) -> Ledger:
        """The database's ledger."""
        return Ledger(self.settings.ledger, self.settings.database, self.settings.history)

    @property
    def at(self) -> str:
        """The time in ISO 8601."""
        return datetime.fromtimestamp(self.now, UTC).isoformat()

    @property
    def left(self) -> int:
        """How many seconds are left; negative when time is up."""
        return self.progress.left(self.now, self.settings.deadline_seconds)

    @property
    def command(self) -> Mode:
        """What the runner is to do now. A creation that met a schema of Alembic's goes on as a release does."""
        return Mode.RUN if self.request.mode is Mode.CREATE and self.progress.planned else self.request.mode

    @property
    def lease_ends(self) -> float:
        """When this run is certainly over."""
        return self.now + max(self.left, SHORTEST_TASK_SECONDS) + 2 * TASK_GRACE_SECONDS + 300

    def go(self, phase: Phase) -> None:
        """Go on with another phase."""
        self.progress.phase = phase

    def end(self, outcome: Outcome | str, message: str, *, passed: bool) -> None:
        """Remember how the run ends; it is written down and told next."""
        self.progress.record = self.progress.run.end(str(outcome), message, passed=passed, at=self.at)
        self.go(Phase.END)

    def task(self, definition: str, command: list[str], seconds: int) -> Next:
        """Have the state machine run a task.

        Args:
            definition: The task definition's ARN.
            command: The runner's arguments.
            seconds: How long the runner may take.
        """
        self.progress.forget_task()
        self.progress.task_started_at = self.now
        task = {"definition": definition, "command": command, "seconds": seconds + TASK_GRACE_SECONDS}
        return Next("run-task", task=task)

    @property
    def task_seconds(self) -> int:
        """How long the next task's runner may take."""
        return max(self.left, SHORTEST_TASK_SECONDS)

    @property
    def plan_seconds(self) -> int:
        """How long a plan may take."""
        return min(self.task_seconds, _LONGEST_PLAN_SECONDS)
