"""How to restore a database to the point before a migration: every step, and what is lost. Nothing here does it."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bluegreen.release.migrations.ledger import Record, position
from bluegreen.release.migrations.result import Outcome

LONGEST_INSTANCE_NAME = 63


@dataclass(frozen=True, kw_only=True)
class Service:
    """An ECS service that writes to the database.

    Args:
        cluster: The cluster's name.
        name: Its own.
        desired_count: How many tasks it wants; None when that could not be read.
        scaled: Whether a scalable target changes that number.
    """

    cluster: str
    name: str
    desired_count: int | None
    scaled: bool


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What AWS has at the time of the plan.

    Args:
        database: The instance's identifier.
        instance: As DescribeDBInstances tells it; None when it is gone.
        snapshot_status: The snapshot's; None when the record names none or it is gone.
        services: The stack's services.
        now: When all that was seen.
    """

    database: str
    instance: Mapping[str, Any] | None
    snapshot_status: str | None
    services: tuple[Service, ...]
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step for a person.

    Args:
        title: What to do.
        commands: With which commands, in order.
        notes: What to know before.
    """

    title: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    names = _Names(seen)
    snapshot, point = _restore_point(record, seen)
    age = seen.now - point
    return RestorePlan(
        run=record.id,
        restores_to=_iso(point),
        lost=(
            f"every write since {_iso(point)}: {_duration(age)} of them so far, and more until the writers are stopped",
            *(f"what run {one.id} brought: {_revisions(one)}" for one in later if one.outcome == Outcome.MIGRATED),
        ),
        instead=(
            "a new release that repairs what is wrong loses nothing",
            "`bluegreen migrations downgrade` loses only what the revisions added, and refuses when rows would be lost",
        ),
        steps=(
            _stop_writers(seen),
            _keep_the_present(names),
            _restore(seen, names, snapshot, point),
            _verify(record, names),
            _swap(names),
            _start(record, seen),
            _clean_up(names),
        ),
    )


class _Names:
    """What the new things are called: by the minute of the plan, so that a second plan does not meet the first."""

    def __init__(self, seen: Seen) -> None:
        stamp = f"{seen.now.astimezone(UTC):%Y%m%d%H%M}"
        self.database = seen.database
        self.restored = self._named(f"restored-{stamp}")
        self.replaced = self._named(f"replaced-{stamp}")

    def _named(self, suffix: str) -> str:
        return f"{self.database[: LONGEST_INSTANCE_NAME - len(suffix) - 1].rstrip('-')}-{suffix}"


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
            gone.append(f"its point in time {_iso(point)} is older than the {days} days that backups are kept")
        else:
            usable.append((point, None))
    if not usable:
        raise NothingToRestoreError(f"run {record.id} cannot be restored from: {'; '.join(gone) or 'it names none'}")
    point, snapshot = max(usable, key=lambda one: one[0])
    return snapshot, point


def _stop_writers(seen: Seen) -> Step:
    commands = []
    for one in seen.services:
        if one.scaled:
            commands.append(_suspend(one, suspended=True))
        commands += [
            _aws("ecs", "update-service", cluster=one.cluster, service=one.name, desired_count="0"),
            _aws("ecs", "describe-services", cluster=one.cluster, services=one.name, query="services[].runningCount"),
        ]
    return Step(
        title="Stop every writer, so that no more is lost",
        commands=tuple(commands),
        notes=(
            "From here on users are not served. Let no release be under way.",
            "Stop what else writes to this database as well: other stacks, jobs, people.",
            "Repeat describe-services until it tells 0.",
        ),
    )


def _keep_the_present(names: _Names) -> Step:
    snapshot = f"{names.replaced}-last"
    return Step(
        title="Keep the present, so that what is lost can be looked up later",
        commands=(
            _aws("rds", "create-db-snapshot", db_instance_identifier=names.database, db_snapshot_identifier=snapshot),
            _aws("rds", "wait", "db-snapshot-available", db_snapshot_identifier=snapshot),
        ),
    )


def _restore(seen: Seen, names: _Names, snapshot: str | None, point: datetime) -> Step:
    if snapshot is not None:
        words = ("restore-db-instance-from-db-snapshot",)
        given = {"db_snapshot_identifier": snapshot, "db_instance_identifier": names.restored}
    else:
        words = ("restore-db-instance-to-point-in-time",)
        given = {
            "source_db_instance_identifier": names.database,
            "target_db_instance_identifier": names.restored,
            "restore_time": _iso(point),
        }
    notes = ["Settings that are not named here, such as monitoring, are AWS's defaults: compare the two instances."]
    if seen.instance is None:
        notes.append("The instance is gone: add its class, subnet group, security groups and parameter group by hand.")
    elif seen.instance.get("MasterUserSecret"):
        notes.append(
            "RDS keeps the master password: the new instance needs a secret of its own, named where the old is."
        )
    else:
        notes.append("Passwords are those of that time: set any that was changed since.")
    return Step(
        title="Restore to a new instance; the present one is not touched",
        commands=(
            _aws("rds", *words, *_flags(seen.instance or {}), **given, **_settings(seen.instance or {})),
            _aws("rds", "wait", "db-instance-available", db_instance_identifier=names.restored),
        ),
        notes=tuple(notes),
    )


def _verify(record: Record, names: _Names) -> Step:
    before = position(record.before) if record.before else "no revision"
    return Step(
        title="Verify it before anything uses it",
        commands=(
            _aws(
                "rds",
                "describe-db-instances",
                db_instance_identifier=names.restored,
                query="DBInstances[0].Endpoint.Address",
                output="text",
            ),
        ),
        notes=(
            f"From inside the network: the table alembic_version must name {before}.",
            "Count the rows of the tables that matter, and look at the newest.",
        ),
    )


def _swap(names: _Names) -> Step:
    def rename(old: str, new: str) -> tuple[str, str]:
        return (
            _aws(
                "rds",
                "modify-db-instance",
                "--apply-immediately",
                db_instance_identifier=old,
                new_db_instance_identifier=new,
            ),
            _aws("rds", "wait", "db-instance-available", db_instance_identifier=new),
        )

    return Step(
        title="Swap the names: the endpoint follows the name, so nothing else has to change",
        commands=(*rename(names.database, names.replaced), *rename(names.restored, names.database)),
        notes=(
            "Each takes about 10 minutes; a wait that does not find the new name yet is repeated.",
            "The stack goes on with the instance of that name.",
            "What names it by its resource id has to be changed: policies for IAM authentication, a proxy.",
        ),
    )


def _start(record: Record, seen: Seen) -> Step:
    commands = []
    for one in seen.services:
        count = "COUNT" if one.desired_count is None else str(one.desired_count)
        commands.append(_aws("ecs", "update-service", cluster=one.cluster, service=one.name, desired_count=count))
        if one.scaled:
            commands.append(_suspend(one, suspended=False))
    return Step(
        title=f"Start a version that works with the restored schema: one before {record.version}",
        commands=tuple(commands),
        notes=(
            f"When {record.version} serves, deploy the one before it first.",
            "The next release that brings these revisions runs them again: repair them before.",
        ),
    )


def _clean_up(names: _Names) -> Step:
    return Step(
        title=f"Bring back by hand what is missed, from {names.replaced}; delete that instance when nobody needs it",
    )


def _suspend(service: Service, *, suspended: bool) -> str:
    word = str(suspended).lower()
    kinds = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
    return _aws(
        "application-autoscaling",
        "register-scalable-target",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        resource_id=f"service/{service.cluster}/{service.name}",
        suspended_state=",".join(f"{kind}Suspended={word}" for kind in kinds),
    )


def _settings(instance: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    groups = [one["VpcSecurityGroupId"] for one in instance.get("VpcSecurityGroups", ())]
    parameters = [one["DBParameterGroupName"] for one in instance.get("DBParameterGroups", ())]
    given: dict[str, str | Sequence[str] | None] = {
        "db_instance_class": instance.get("DBInstanceClass"),
        "db_subnet_group_name": instance.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "vpc_security_group_ids": groups,
        "db_parameter_group_name": parameters[0] if parameters else None,
        "port": str(instance["Endpoint"]["Port"]) if instance.get("Endpoint") else None,
        "enable_cloudwatch_logs_exports": instance.get("EnabledCloudwatchLogsExports"),
    }
    return {name: value for name, value in given.items() if value}


def _flags(instance: Mapping[str, Any]) -> tuple[str, ...]:
    names = {
        "multi-az": "MultiAZ",
        "publicly-accessible": "PubliclyAccessible",
        "deletion-protection": "DeletionProtection",
        "copy-tags-to-snapshot": "CopyTagsToSnapshot",
        "enable-iam-database-authentication": "IAMDatabaseAuthenticationEnabled",
    }
    return tuple(
        f"--{flag}" if instance[member] else f"--no-{flag}" for flag, member in names.items() if member in instance
    )


def _aws(*words: str, **options: str | Sequence[str]) -> str:
    """Return a command of the AWS CLI, quoted for a shell.

    Example:
        >>> _aws("rds", "wait", "db-instance-available", db_instance_identifier="orders db")
        "aws rds wait db-instance-available --db-instance-identifier 'orders db'"
    """
    written = [*words]
    for name, value in options.items():
        written += [f"--{name.replace('_', '-')}", *([value] if isinstance(value, str) else value)]
    return shlex.join(["aws", *written])


def _revisions(record: Record) -> str:
    return ", ".join(one["revision"] for one in record.revisions)


def _iso(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _duration(length: timedelta) -> str:
    """Return a length in its two largest units.

    Example:
        >>> _duration(timedelta(hours=26, minutes=5)), _duration(timedelta(minutes=3)), _duration(timedelta(0))
        ('1 d 2 h', '3 min', '0 min')
    """
    minutes = max(0, int(length.total_seconds())) // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {rest} min" if hours else f"{rest} min"
