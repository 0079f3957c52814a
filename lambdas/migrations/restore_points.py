"""Makes and looks at restore points in RDS."""

from datetime import UTC, datetime

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.migrations.ledger import RestorePoint
from bluegreen.release.migrations.restore_point import (
    Backup,
    Protected,
    Protection,
    judge_point_in_time,
    judge_snapshot,
    snapshot_id,
)

_EXISTS = "DBSnapshotAlreadyExists"
_BUSY = "InvalidDBInstanceState"
_NONE = {"DBSnapshotNotFound", "DBSnapshotNotFoundFault"}


def look(instance: str, run: str, backup: Backup, now: float, *, asked: bool) -> tuple[Protection, RestorePoint]:
    """See whether a run's restore point is there.

    Args:
        instance: The database instance.
        run: The run's id.
        backup: What is wanted.
        now: The time in seconds since the epoch.
        asked: Whether its snapshot was asked for.

    Returns:
        What to do, and what is known of the restore point.
    """
    point = RestorePoint()
    if backup is not Backup.PITR:
        verdict, point = _snapshot(instance, run, asked=asked)
        if not isinstance(verdict, Protected):
            return verdict, point
    if backup is Backup.SNAPSHOT:
        return Protected(), point
    # Looked at last, because a snapshot may take long.
    latest = _latest_restorable(instance)
    until = latest and latest.astimezone(UTC).isoformat()
    point = RestorePoint(snapshot=point.snapshot, snapshot_at=point.snapshot_at, restorable_until=until or None)
    return judge_point_in_time(instance, latest.timestamp() if latest else None, now), point


def make(instance: str, run: str) -> bool:
    """Ask for a run's snapshot; return whether RDS took the request. It refuses while it backs the instance up."""
    try:
        aws_clients.client("rds").create_db_snapshot(
            DBInstanceIdentifier=instance, DBSnapshotIdentifier=snapshot_id(instance, run)
        )
    except ClientError as error:
        if aws_clients.code_of(error) == _BUSY:
            return False
        if aws_clients.code_of(error) != _EXISTS:
            raise
    return True


def _snapshot(instance: str, run: str, *, asked: bool) -> tuple[Protection, RestorePoint]:
    name = snapshot_id(instance, run)
    try:
        (found,) = aws_clients.client("rds").describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    except ClientError as error:
        if aws_clients.code_of(error) not in _NONE:
            raise
        return judge_snapshot(name, None, asked=asked), RestorePoint()
    taken: datetime | None = found.get("SnapshotCreateTime")
    at = taken.astimezone(UTC).isoformat() if taken else None
    return judge_snapshot(name, found["Status"], asked=asked), RestorePoint(snapshot=name, snapshot_at=at)


def _latest_restorable(instance: str) -> datetime | None:
    (found,) = aws_clients.client("rds").describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"]
    latest: datetime | None = found.get("LatestRestorableTime")
    return latest
