"""How to restore a database to the point before a migration: every step, and what is lost. Nothing here does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bluegreen.release.migrations.ledger import Record
from bluegreen.release.migrations.result import Outcome

from .restore_steps import Seen, Step, all_steps, iso


@dataclass(frozen=True, kw_only=True)
class RestorePlan:
    """A plan that a person may follow.

    Args:
        run: The migration before which the database would be restored.
        restores_to: To when, in ISO 8601.
        lost: What would be lost.
        instead: What loses less, and so comes first.
        steps: In order.
    """

    run: str
    restores_to: str
    lost: tuple[str, ...]
    instead: tuple[str, ...]
    steps: tuple[Step, ...]


class NothingToRestoreError(Exception):
    """A run has no restore point that can still be used; the message says why."""


def restore_plan(record: Record, later: Sequence[Record], seen: Seen) -> RestorePlan:
    """Return how to restore the database to before a run.

    Args:
        record: The run's record.
        later: The records of the runs after it, whose migrations a restore would undo as well.
        seen: What AWS has now.

    Returns:
        The plan, from the newest restore point of the run that can still be used.

    Raises:
        NothingToRestoreError: If there is none.
    """
    snapshot, point = _restore_point(record, seen)
    age = seen.now - point
    return RestorePlan(
        run=record.id,
        restores_to=iso(point),
        lost=(
            f"every write since {iso(point)}: {duration(age)} of them so far, and more until the writers are stopped",
            *(
                f"what run {one.id} did to the schema: {_revisions(one)}"
                for one in later
                if one.outcome == Outcome.MIGRATED
            ),
        ),
        instead=(
            "a new release that repairs what is wrong loses nothing",
            "`bluegreen migrations downgrade` takes back the revisions alone, and is refused when rows would be lost",
        ),
        steps=all_steps(record, seen, snapshot, point),
    )


def _restore_point(record: Record, seen: Seen) -> tuple[str | None, datetime]:
    """Return the snapshot, or None for the point in time, and what is restored with it; the newer when both hold."""
    given = record.restore_point
    if given is None:
        raise NothingToRestoreError(f"run {record.id} made no restore point: it changed nothing, or failed before")
    usable: list[tuple[datetime, str | None]] = []
    gone = []
    if given.snapshot and given.snapshot_at:
        if seen.snapshot_status == "available":
            usable.append((datetime.fromisoformat(given.snapshot_at), given.snapshot))
        else:
            gone.append(f"its snapshot {given.snapshot} is {seen.snapshot_status or 'gone'}")
    if given.restorable_until:
        point = datetime.fromisoformat(given.restorable_until)
        days = (seen.instance or {}).get("BackupRetentionPeriod", 0)
        if seen.instance is None:
            gone.append("its point in time went with the instance")
        elif seen.now - point >= timedelta(days=days):
            gone.append(f"its point in time {iso(point)} is older than the {days} days that backups are kept")
        else:
            usable.append((point, None))
    if not usable:
        raise NothingToRestoreError(f"run {record.id} cannot be restored from: {'; '.join(gone) or 'it names none'}")
    point, snapshot = max(usable, key=lambda one: one[0])
    return snapshot, point


def _revisions(record: Record) -> str:
    return ", ".join(one["revision"] for one in record.revisions)


def duration(length: timedelta) -> str:
    """Return a length in its two largest units.

    Example:
        >>> duration(timedelta(hours=26, minutes=5)), duration(timedelta(minutes=3)), duration(timedelta(0))
        ('1 d 2 h', '3 min', '0 min')
    """
    minutes = max(0, int(length.total_seconds())) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
