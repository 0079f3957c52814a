"""Before anything changes: is there something to bring the database back to?"""

import re
from dataclasses import dataclass
from enum import StrEnum

_LONGEST_INSTANCE = 63
MOST_LAG_SECONDS = 300
"""How far behind a point-in-time restore may be."""


class Backup(StrEnum):
    """What protects a database while it is migrated."""

    SNAPSHOT = "snapshot"
    PITR = "pitr"
    BOTH = "both"


@dataclass(frozen=True)
class Protected:
    """It is there."""


@dataclass(frozen=True)
class MakeSnapshot:
    """Ask for the snapshot."""


@dataclass(frozen=True)
class WaitForIt:
    """It is not there yet."""


@dataclass(frozen=True)
class NotProtected:
    """It will not come; nothing may be migrated."""

    why: str


Protection = Protected | MakeSnapshot | WaitForIt | NotProtected


def snapshot_id(instance: str, run: str) -> str:
    """Return the identifier of a run's snapshot: always the same, and as RDS keeps it, in small letters.

    Example:
        >>> snapshot_id("orders-db", "d-ABC123")
        'bluegreen-orders-db-d-abc123'
    """
    text = f"bluegreen-{instance[:_LONGEST_INSTANCE]}-{run}".lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")


def judge_snapshot(name: str, status: str | None, *, asked: bool) -> Protection:
    """Decide about a snapshot.

    Args:
        name: Its identifier.
        status: Its status as RDS tells it; None when there is none of that name.
        asked: Whether it was asked for; RDS may take a moment to show it.

    Example:
        >>> judge_snapshot("s", "available", asked=True), judge_snapshot("s", None, asked=False)
        (Protected(), MakeSnapshot())
        >>> judge_snapshot("s", "failed", asked=True).why
        'snapshot s is failed'
    """
    if status == "available":
        return Protected()
    if status is None:
        return WaitForIt() if asked else MakeSnapshot()
    if status == "creating":
        return WaitForIt()
    return NotProtected(f"snapshot {name} is {status}")


def judge_point_in_time(instance: str, latest: float | None, now: float) -> Protection:
    """Decide about restoring to a point in time.

    Args:
        instance: The database instance.
        latest: The latest time it can be restored to, in seconds since the epoch; None when RDS names none.
        now: The time in seconds since the epoch.

    Example:
        >>> judge_point_in_time("db", 1000, 1300), judge_point_in_time("db", 1000, 1301)
        (Protected(), WaitForIt())
    """
    if latest is None:
        return NotProtected(f"{instance} has no automated backups, so it cannot be restored to a point in time")
    return Protected() if now - latest <= MOST_LAG_SECONDS else WaitForIt()
