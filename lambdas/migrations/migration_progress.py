"""What one run remembers between two steps of the state machine."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

from bluegreen.release.migrations.ledger import Record


class Phase(StrEnum):
    """Where a run is."""

    GUARD = "guard"
    LEASE = "lease"
    PLAN = "plan"
    PROTECT = "protect"
    BEGIN = "begin"
    MIGRATE = "migrate"
    END = "end"
    ANSWER = "answer"


@dataclass
class Progress:
    """The memory of one run.

    Args:
        started_at: When its first step ran, in seconds since the epoch.
        phase: Where it is.
        record: What is written of it in the ledger; None before the first look.
        token: The lease's token; None while it does not hold the lease.
        contended: Who held the lease when it was last looked at.
        planned: Whether the runner has told what is pending, and may run it.
        digest: The digest of the image that the plan's task ran.
        compatible: The positions whose images worked before the migration.
        plan_compatible: The positions whose images work during and after it, if it goes as planned.
        heads: The image's heads.
        snapshot_asked: Whether the snapshot was asked for.
        task_started_at: When the present task was begun; 0 before.
        tried_again: Whether the present task is the second try of one that never started.
        task_ended_at: When its end was first seen.
        task: How the present task ended, as Step Functions told it; None while none has.
        error: The same when it failed.
        trouble_since: Since when AWS refuses or does not answer; None when it does.
        end_state: What the state in the ledger is to become at the end.
    """

    started_at: float
    phase: Phase = Phase.GUARD
    record: Record | None = None
    token: int | None = None
    contended: str = ""
    planned: bool = False
    digest: str | None = None
    compatible: list[str] = field(default_factory=list)
    plan_compatible: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    snapshot_asked: bool = False
    task_started_at: float = 0
    tried_again: bool = False
    task_ended_at: float | None = None
    task: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    trouble_since: float | None = None
    end_state: Mapping[str, Any] | None = None

    @classmethod
    def read(cls, document: Mapping[str, Any] | None, now: float) -> Self:
        """Read what `to_dict` wrote; a new memory when there is none yet."""
        if not document or "started_at" not in document:
            return cls(started_at=now)
        known = {one.name for one in fields(cls)}
        given = {name: value for name, value in document.items() if name in known}
        record = given.get("record")
        return cls(**{**given, "phase": Phase(given["phase"]), "record": Record.from_dict(record) if record else None})

    def to_dict(self) -> dict[str, Any]:
        """Return the memory as a JSON document, without how a task ended when none has."""
        document = asdict(self)
        return {name: value for name, value in document.items() if name not in {"task", "error"} or value is not None}

    @property
    def run(self) -> Record:
        """The run's record.

        Raises:
            ValueError: If it was not looked up yet.
        """
        if self.record is None:
            raise ValueError("the run's record was not looked up yet")
        return self.record

    def left(self, now: float, deadline_seconds: int) -> int:
        """Return how many seconds are left; negative when time is up."""
        return int(self.started_at + deadline_seconds - now)

    def forget_task(self) -> None:
        """Make room for the next task."""
        self.task = self.error = self.task_ended_at = None
        self.task_started_at = 0
