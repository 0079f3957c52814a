"""The steps of a restore, as commands of the AWS CLI with the names that this account has."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bluegreen.release.migrations.ledger import Record, position

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


def all_steps(record: Record, seen: Seen, snapshot: str | None, point: datetime) -> tuple[Step, ...]:
    """Return the steps in their order.

    Args:
        record: The run before which the database is restored.
        seen: What AWS has now.
        snapshot: The snapshot to restore from; None to restore to the point in time.
        point: To when the database is restored.
    """
    names = Names(seen)
    return (
        stop_writers(seen),
        keep_the_present(names),
        restore(seen, names, snapshot, point),
        _verify(record, names),
        swap(names),
        _start(record, seen),
        _clean_up(names),
    )


def iso(at: datetime) -> str:
    """Return a time as the AWS CLI takes it and a person reads it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Names:
    """What the new things are called: by the minute of the plan, so that a second plan does not meet the first."""

    def __init__(self, seen: Seen) -> None:
        stamp = f"{seen.now.astimezone(UTC):%Y%m%d%H%M}"
        self.database = seen.database
        self.restored = self._named(f"restored-{stamp}")
        self.replaced = self._named(f"replaced-{stamp}")

    def _named(self, suffix: str) -> str:
        return f"{self.database[: LONGEST_INSTANCE_NAME - len(suffix) - 1].rstrip('-')}-{suffix}"


def stop_writers(seen: Seen) -> Step:
    """Return the step that stops the stack's services, and tells to stop the rest."""
    commands = []
    for one in seen.services:
        if one.scaled:
            commands.append(_suspend(one, suspended=True))
        commands += [
            aws("ecs", "update-service", cluster=one.cluster, service=one.name, desired_count="0"),
            aws("ecs", "describe-services", cluster=one.cluster, services=one.name, query="services[].runningCount"),
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


def keep_the_present(names: Names) -> Step:
    """Return the step that takes a last snapshot of what is there."""
    snapshot = f"{names.replaced}-last"
    return Step(
        title="Keep the present, so that what is lost can be looked up later",
        commands=(
            aws("rds", "create-db-snapshot", db_instance_identifier=names.database, db_snapshot_identifier=snapshot),
            aws("rds", "wait", "db-snapshot-available", db_snapshot_identifier=snapshot),
        ),
    )


def restore(seen: Seen, names: Names, snapshot: str | None, point: datetime) -> Step:
    """Return the step that makes a new instance from the snapshot, or from the point in time when there is none."""
    if snapshot is not None:
        words = ("restore-db-instance-from-db-snapshot",)
        given = {"db_snapshot_identifier": snapshot, "db_instance_identifier": names.restored}
    else:
        words = ("restore-db-instance-to-point-in-time",)
        given = {
            "source_db_instance_identifier": names.database,
            "target_db_instance_identifier": names.restored,
            "restore_time": iso(point),
        }
    notes = ["Settings that are not named here, such as monitoring, are AWS's defaults: compare the two instances."]
    if seen.instance is None:
        notes.append("The instance is gone: add its class, subnet group, security groups and parameter group by hand.")
    elif seen.instance.get("MasterUserSecret"):
        notes.append(
            "RDS keeps the master password: the new instance gets a secret of its own, to be named where the old is; "
            "see docs/data.md."
        )
    else:
        notes.append("Passwords are those of that time: set any that was changed since.")
    return Step(
        title="Restore to a new instance; the present one is not touched",
        commands=(
            aws("rds", *words, *_flags(seen.instance or {}), **given, **_settings(seen.instance or {})),
            aws("rds", "wait", "db-instance-available", db_instance_identifier=names.restored),
            *_manage_password(seen, names),
        ),
        notes=tuple(notes),
    )


def _verify(record: Record, names: Names) -> Step:
    before = position(record.before) if record.before else "no revision"
    return Step(
        title="Verify it before anything uses it",
        commands=(
            aws(
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


def swap(names: Names) -> Step:
    """Return the step that gives the restored instance the name, and so the address, of the present one."""

    def rename(old: str, new: str) -> tuple[str, str]:
        return (
            aws(
                "rds",
                "modify-db-instance",
                "--apply-immediately",
                db_instance_identifier=old,
                new_db_instance_identifier=new,
            ),
            aws("rds", "wait", "db-instance-available", db_instance_identifier=new),
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
        count = str(one.desired_count or "COUNT")  # none when the writers were stopped before the plan was made
        commands.append(aws("ecs", "update-service", cluster=one.cluster, service=one.name, desired_count=count))
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


def _clean_up(names: Names) -> Step:
    return Step(
        title=f"Bring back by hand what is missed, from {names.replaced}; delete that instance when nobody needs it",
    )


def _suspend(service: Service, *, suspended: bool) -> str:
    word = str(suspended).lower()
    kinds = ("DynamicScalingIn", "DynamicScalingOut", "ScheduledScaling")
    return aws(
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
    chosen = (
        f"--{flag}" if instance[member] else f"--no-{flag}" for flag, member in names.items() if member in instance
    )
    return tuple(chosen)


def _manage_password(seen: Seen, names: Names) -> tuple[str, ...]:
    """Return what lets RDS keep the new instance's master password, if it keeps the present one's.

    A restore itself takes that option for Oracle only.
    """
    kept = (seen.instance or {}).get("MasterUserSecret")
    if not kept:
        return ()
    words = ("rds", "modify-db-instance", "--manage-master-user-password", "--apply-immediately")
    key = {"master_user_secret_kms_key_id": kept["KmsKeyId"]} if kept.get("KmsKeyId") else {}
    return (
        aws(*words, db_instance_identifier=names.restored, **key),
        aws("rds", "wait", "db-instance-available", db_instance_identifier=names.restored),
    )


def aws(*words: str, **options: str | Sequence[str]) -> str:
    """Return a command of the AWS CLI, quoted for a shell.

    Example:
        >>> aws("rds", "wait", "db-instance-available", db_instance_identifier="orders db")
        "aws rds wait db-instance-available --db-instance-identifier 'orders db'"
    """
    written = [*words]
    for name, value in options.items():
        written += [f"--{name.replace('_', '-')}", *([value] if isinstance(value, str) else value)]
    return shlex.join(["aws", *written])
