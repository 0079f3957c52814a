"""What is written down of a recovery: the ledger's item, and what `bluegreen drill` prints."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from .inspection import Inspection
from .objectives import Objectives

DRILL_PREFIX = "bluegreen-drill-"
"""How the name of an instance begins that a drill restored; the roles reach no other."""


class Kind(StrEnum):
    """What a recovery was for."""

    DRILL = "drill"  # somebody asked: restored to the latest moment, deleted afterwards
    RESTORE_TEST = "restore-test"  # AWS Backup's schedule: restored from a recovery point, AWS Backup deletes it


@dataclass(frozen=True, kw_only=True)
class RecoveryRecord:
    """One recovery.

    Args:
        id: Its name, which is also the execution's.
        kind: What it was for.
        by: Who asked.
        database: The live instance.
        instance: The restored one; None until it is asked for.
        started: When it began, in ISO 8601.
        step: What it is doing, or did last.
        ended: When it ended; None while it runs.
        passed: Whether the database was recovered; None while it runs.
        problems: What is not as it must be.
        objectives: What it had to reach.
        recovery_seconds: RTO reached: until the restored data was proven; None when it never was.
        recovery_point_seconds: RPO reached: how much of the newest data is missing; None when that is not known.
        live: What was found in the live database.
        restored: What was found in the restored one.
        cleaned_up: Whether the restored instance is being deleted, or is AWS Backup's to delete.
    """

    id: str
    kind: Kind
    by: str
    database: str
    started: str
    objectives: Objectives
    instance: str | None = None
    step: str = "begin"
    ended: str | None = None
    passed: bool | None = None
    problems: tuple[str, ...] = ()
    recovery_seconds: float | None = None
    recovery_point_seconds: float | None = None
    live: Inspection | None = None
    restored: Inspection | None = None
    cleaned_up: bool = False

    def end(self, problems: tuple[str, ...], at: str) -> Self:
        """Return the record of a recovery that is over: it passed when there is no problem."""
        return replace(self, ended=at, passed=not problems, problems=problems)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        inspections = {
            name: Inspection.from_dict(document[name]) if document.get(name) else None for name in ("live", "restored")
        }
        return cls(
            **{
                **document,
                **inspections,
                "kind": Kind(document["kind"]),
                "problems": tuple(document["problems"]),
                "objectives": Objectives.from_dict(document["objectives"]),
            }
        )


def drill_instance(drill: str) -> str:
    """Return the name of the instance that a drill restores.

    Example:
        >>> drill_instance("d-1f2e")
        'bluegreen-drill-d-1f2e'
    """
    return f"{DRILL_PREFIX}{drill}"
