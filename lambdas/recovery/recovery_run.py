"""One recovery as its steps see it: what is asked, what it remembers, and what a step may say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, Self

from bluegreen.release.recovery.record import RecoveryRecord
from machine_step import TASK_GRACE_SECONDS, Next
from recovery_ledger import Ledger
from recovery_request import Request
from recovery_settings import Settings

_LONGEST_INSPECTION_SECONDS = 900


class Phase(StrEnum):
    """Where a recovery is."""

    BEGIN = "begin"
    LOOK = "look at the live database"
    RESTORE = "restore"
    WAIT = "wait for the restored instance"
    CHECK = "check the restored database"
    CLEAN_UP = "clean up"
    TELL = "tell"


@dataclass
class Progress:
    """The memory of one recovery.

    Args:
        started_at: When it began, in seconds since the epoch.
        phase: Where it is.
        record: What is written of it in the ledger; None before the first step.
        host: What the present check looks at.
        point_at: The moment that it restores, in seconds since the epoch; None when that is not known.
        task_started_at: When the present task was begun; 0 before.
        task_ended_at: When its end was first seen.
        tried_again: Whether the present task is the second try of one that never started.
        task: How the present task ended, as Step Functions told it; None while none has.
        error: The same when it failed.
        trouble_since: Since when AWS refuses or does not answer; None when it does.
        cleaning_since: Since when the restored instance is to be deleted; None before.
    """

    started_at: float
    phase: Phase = Phase.BEGIN
    record: RecoveryRecord | None = None
    host: str = ""
    point_at: float | None = None
    task_started_at: float = 0
    task_ended_at: float | None = None
    tried_again: bool = False
    task: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    trouble_since: float | None = None
    cleaning_since: float | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any] | None, now: float) -> Self:
        """Read what `to_dict` wrote; a new memory when there is none yet."""
        if not document or "started_at" not in document:
            return cls(started_at=now)
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in document.items() if name in known}
        record = given.get("record")
        return cls(
            **{
                **given,
                "phase": Phase(given["phase"]),
                "record": RecoveryRecord.from_dict(record) if record else None,
            }
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the memory as a JSON document, without how a task ended when none has."""
        document = asdict(self)
        return {name: value for name, value in document.items() if name not in {"task", "error"} or value is not None}

    def forget_task(self) -> None:
        """Make room for the next task."""
        self.task = self.error = self.task_ended_at = None
        self.task_started_at = 0


@dataclass
class Run:
    """One recovery at one moment.

    Args:
        request: What is asked.
        progress: What it remembers; changed in place.
        settings: The function's settings.
        now: The time in seconds since the epoch.
    """

    request: Request
    progress: Progress
    settings: Settings
    now: float

    @cached_property
    def ledger(self) -> Ledger:
        """The database's records."""
        return Ledger(self.settings.ledger, self.settings.database)

    @property
    def record(self) -> RecoveryRecord:
        """What is written of it.

        Raises:
            ValueError: If its first step has not been taken.
        """
        if self.progress.record is None:
            raise ValueError("the recovery has no record yet")
        return self.progress.record

    @property
    def elapsed(self) -> float:
        """How many seconds it has taken so far."""
        return self.now - self.progress.started_at

    @property
    def left(self) -> float:
        """How many seconds are left until it is given up; negative when time is up."""
        return self.settings.deadline_seconds - self.elapsed

    def note(self, **changes: Any) -> None:
        """Change what is written of it."""
        self.progress.record = replace(self.record, **changes)

    def go(self, phase: Phase) -> None:
        """Go on with another phase, and write that down for whoever follows it."""
        self.progress.phase = phase
        self.note(step=str(phase))
        self.ledger.keep(self.record)

    def end(self, *problems: str) -> None:
        """Remember how it ended; cleaning up is next, whatever it was."""
        self.progress.record = self.record.end(problems, at=iso(self.now))
        self.progress.phase = Phase.CLEAN_UP

    def inspect(self) -> Next:
        """Have the check's task look at the database at `progress.host`."""
        self.progress.task_started_at = self.now
        seconds = max(60, min(_LONGEST_INSPECTION_SECONDS, int(self.left)))
        task = {
            "command": [*self.settings.inspect, "--deadline-seconds", str(seconds)],
            "environment": [{"Name": self.settings.host_variable, "Value": self.progress.host}],
            "seconds": seconds + TASK_GRACE_SECONDS,
        }
        return Next("run-task", task=task)


def iso(seconds: float) -> str:
    """Return a time as ISO 8601 has it.

    Example:
        >>> iso(0)
        '1970-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(seconds, UTC).isoformat()
