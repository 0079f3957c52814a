"""The live instance and the restored one in RDS."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

import aws_clients
from bluegreen.release.recovery.record import DRILL_PREFIX
from recovery_settings import Settings

_ABSENT = {"DBInstanceNotFound", "DBInstanceNotFoundFault"}
_EXISTS = {"DBInstanceAlreadyExists", "DBInstanceAlreadyExistsFault"}
_BUSY = {"InvalidDBInstanceState", "InvalidDBInstanceStateFault"}
ANSWERS = frozenset({"available", "backing-up"})
"""States in which an instance can be connected to; a restored one is backed up first."""
LOST = frozenset(
    {"failed", "incompatible-credentials", "incompatible-network", "incompatible-option-group"}
    | {"incompatible-parameters", "incompatible-restore", "inaccessible-encryption-credentials", "restore-error"}
)
"""States that an instance does not leave by itself."""


def look(name: str) -> Mapping[str, Any] | None:
    """Describe an instance; None when there is none of that name."""
    try:
        (found,) = aws_clients.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    except ClientError as error:
        if aws_clients.code_of(error) in _ABSENT:
            return None
        raise
    described: Mapping[str, Any] = found
    return described


def latest_restorable(instance: Mapping[str, Any]) -> float | None:
    """Return the latest moment an instance can be restored to, in seconds since the epoch; None without backups."""
    latest = instance.get("LatestRestorableTime")
    return float(latest.timestamp()) if latest else None


def restore(source: Mapping[str, Any], name: str, settings: Settings) -> bool:
    """Ask for an instance like the live one, as it was at the latest moment; asking twice is harmless.

    It is in the live one's subnets, but nobody except the check's task may reach it.

    Args:
        source: The live instance as RDS describes it.
        name: The new instance's identifier.
        settings: Where it goes.

    Returns:
        Whether RDS took the request. It does not while the live instance is being changed or backed up.
    """
    try:
        aws_clients.client("rds").restore_db_instance_to_point_in_time(
            SourceDBInstanceIdentifier=source["DBInstanceIdentifier"],
            TargetDBInstanceIdentifier=name,
            UseLatestRestorableTime=True,
            DBInstanceClass=settings.instance_class or source["DBInstanceClass"],
            DBSubnetGroupName=settings.subnet_group,
            VpcSecurityGroupIds=[settings.security_group],
            MultiAZ=False,
            PubliclyAccessible=False,
            DeletionProtection=False,
            CopyTagsToSnapshot=False,
            Tags=[{"Key": "bluegreen:drill", "Value": name.removeprefix(DRILL_PREFIX)}],
        )
    except ClientError as error:
        if aws_clients.code_of(error) in _BUSY:
            return False
        if aws_clients.code_of(error) not in _EXISTS:
            raise
    return True


def delete(name: str) -> bool:
    """Ask for an instance to be deleted with everything of it; return whether it is gone or going.

    It is refused while the instance is being created.

    Raises:
        ValueError: If the name is not that of a drill's instance.
    """
    if not name.startswith(DRILL_PREFIX):
        raise ValueError(f"only instances named {DRILL_PREFIX}… are deleted, got {name}")
    try:
        aws_clients.client("rds").delete_db_instance(
            DBInstanceIdentifier=name, SkipFinalSnapshot=True, DeleteAutomatedBackups=True
        )
    except ClientError as error:
        if aws_clients.code_of(error) in _BUSY:
            found = look(name)
            return found is None or found["DBInstanceStatus"] == "deleting"
        if aws_clients.code_of(error) not in _ABSENT:
            raise
    return True
