"""What AWS tells of a database's ways to be recovered; every call only reads, and each that is refused is told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.release.recovery.record import RecoveryRecord

from .aws import Clients, OperationError, errors_told
from .restore_steps import Service

Found = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """What could not be read.

    Args:
        why: Why not.
    """

    why: str


@dataclass(frozen=True, kw_only=True)
class Estate:
    """What there is to recover with.

    Args:
        database: The live instance's identifier.
        instance: As DescribeDBInstances tells it; None when it is gone.
        copies: AWS Backup's finished copies of it to other regions, newest first.
        vaults: The vaults that hold its recovery points, as DescribeBackupVault tells them.
        master_secret: The master user's secret, as DescribeSecret tells it; None when RDS keeps none.
        records: Its recoveries, newest first.
        services: The stack's services.
        now: When all that was seen.
    """

    database: str
    instance: Found | Unknown | None
    copies: tuple[Found, ...] | Unknown
    vaults: tuple[Found, ...] | Unknown
    master_secret: Found | Unknown | None
    records: tuple[RecoveryRecord, ...]
    services: tuple[Service, ...]
    now: datetime


def look(database: str, records: tuple[RecoveryRecord, ...], services: tuple[Service, ...], clients: Clients) -> Estate:
    """Look at everything that recovers a database.

    Args:
        database: The live instance's identifier.
        records: Its recoveries, newest first.
        services: The stack's services.
        clients: AWS.
    """
    instance = _tried(lambda: _instance(clients("rds"), database))
    known = isinstance(instance, Mapping)
    arn = str(instance["DBInstanceArn"]) if known else ""
    no_instance: Any = Unknown(why="the instance is not known")
    backup = clients("backup")
    return Estate(
        database=database,
        instance=instance,
        copies=_tried(lambda: _copies(backup, arn)) if known else no_instance,
        vaults=_tried(lambda: _vaults(backup, arn)) if known else no_instance,
        master_secret=_tried(lambda: _secret(clients("secretsmanager"), instance)) if known else no_instance,
        records=records,
        services=services,
        now=_now(),
    )


def _tried(look: Callable[[], Any]) -> Any:
    try:
        with errors_told():
            return look()
    except OperationError as error:
        return Unknown(why=str(error))


def _instance(rds: Any, name: str) -> Found | None:
    try:
        (found,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    except ClientError as error:
        if "NotFound" in error.response.get("Error", {}).get("Code", ""):
            return None
        raise
    instance: Found = found
    return instance


def _copies(backup: Any, arn: str) -> tuple[Found, ...]:
    found = backup.list_copy_jobs(ByResourceArn=arn, ByState="COMPLETED")["CopyJobs"]
    return tuple(sorted(found, key=lambda one: one["CreationDate"], reverse=True))


def _vaults(backup: Any, arn: str) -> tuple[Found, ...]:
    points = backup.list_recovery_points_by_resource(ResourceArn=arn)["RecoveryPoints"]
    names = sorted({one["BackupVaultName"] for one in points})
    return tuple(backup.describe_backup_vault(BackupVaultName=name) for name in names)


def _secret(secretsmanager: Any, instance: Found) -> Found | None:
    kept = instance.get("MasterUserSecret")
    if not kept:
        return None
    found: Found = secretsmanager.describe_secret(SecretId=kept["SecretArn"])
    return found


def _now() -> datetime:
    return datetime.now(UTC)
