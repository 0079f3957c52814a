"""The four disasters, each with the steps to recover in their order, as commands with the names of this account."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from .drill_estate import Estate
from .restore_steps import Names, Seen, Step, aws, keep_the_present, restore, stop_writers, swap

RUNBOOK = "docs/disaster-recovery.md"
_EXAMPLE_HOURS = 1


@dataclass(frozen=True, kw_only=True)
class Disaster:
    """One kind of disaster.

    Args:
        name: What `bluegreen drill` calls it.
        title: What has happened.
        by_itself: What AWS and this library do about it before anybody acts.
        steps: Returns what a person does, in order.
    """

    name: str
    title: str
    by_itself: tuple[str, ...]
    steps: Callable[[Estate, str], tuple[Step, ...]]


def _database(estate: Estate, stack: str) -> tuple[Step, ...]:
    seen, names = _seen(estate), Names(_seen(estate))
    latest = (seen.instance or {}).get("LatestRestorableTime") or estate.now
    return (
        stop_writers(seen),
        restore(seen, names, None, latest),
        Step(
            title="Verify it before anything uses it",
            notes=(f"A drill of today says how long this takes: bluegreen drill database --run --stack {stack}",),
        ),
        swap(names),
        _start_writers(estate),
        Step(title=f"Delete {names.replaced} when nobody needs it any more"),
    )


def _region(estate: Estate, stack: str) -> tuple[Step, ...]:
    replica = f"{estate.database}-replica"
    failover = stack.replace("Stack", "FailoverStack")
    recovery = stack.replace("Stack", "RecoveryStack")
    return (
        Step(
            title="Decide: is the region lost for longer than the fail-over takes?",
            notes=(
                "The AWS Health dashboard says what is impaired. Coming back takes a fail-over as well.",
                "Every command below runs with AWS_REGION set to the recovery region.",
            ),
        ),
        Step(
            title="Make the replica a database of its own: from here on there are two histories",
            commands=(
                aws("rds", "promote-read-replica", db_instance_identifier=replica, backup_retention_period="30"),
                aws("rds", "wait", "db-instance-available", db_instance_identifier=replica),
            ),
            notes=("Writes that the replica had not received are lost: its lag at that moment is the RPO reached.",),
        ),
        Step(
            title="Deploy the service there",
            commands=(f"npx cdk deploy {failover} -c version=VERSION -c recovery_region=REGION --exclusively",),
            notes=(
                f"{recovery} with network, key and replica is there already; the image too, when ECR replicates it.",
                "VERSION is the one that served: bluegreen migrations status tells which images work with the schema.",
            ),
        ),
        Step(
            title="Send users there: point the name at the new load balancer",
            notes=("The record's time to live, 60 s for an alias, is how long users still reach the old one.",),
        ),
        Step(
            title="When the region is back: keep it from serving, and bring back by hand what the replica lacks",
            commands=(*stop_writers(_seen(estate)).commands,),
        ),
    )


def _loss(estate: Estate, stack: str) -> tuple[Step, ...]:
    copies = estate.copies if isinstance(estate.copies, tuple) else ()
    vault = str(copies[0]["DestinationBackupVaultArn"]) if copies else "VAULT_ARN"
    name, region = vault.rpartition(":")[2], (vault.split(":") + [""] * 4)[3] or "REGION"
    data = stack.replace("Stack", "DataStack")
    return (
        Step(
            title="Find the newest copy that is left",
            commands=(aws("backup", "list-recovery-points-by-backup-vault", backup_vault_name=name, region=region),),
            notes=("It is in another region, and when the copies' vault belongs to another account, in that one.",),
        ),
        Step(
            title="Restore the database from it, in the region of the copy",
            commands=(
                aws(
                    "rds",
                    "restore-db-instance-from-db-snapshot",
                    "--manage-master-user-password",
                    db_instance_identifier=estate.database,
                    db_snapshot_identifier="SNAPSHOT_ARN",
                    region=region,
                    db_subnet_group_name="SUBNET_GROUP",
                    vpc_security_group_ids="SECURITY_GROUP",
                ),
                aws("rds", "wait", "db-instance-available", db_instance_identifier=estate.database, region=region),
            ),
            notes=("SNAPSHOT_ARN is the recovery point's ARN; network and key come from the recovery stack.",),
        ),
        Step(
            title="Build everything else from the repository",
            commands=(
                f"npx cdk deploy {data} --import-existing-resources -c version=VERSION",
                f"npx cdk deploy {stack} -c version=VERSION",
            ),
            notes=(
                "Only data and secrets are not in the repository.",
                "The first migration gives the application's user the password of the new secret.",
                "Images come from a replicated registry, or are built anew from the tag.",
            ),
        ),
        Step(title="Point the name at the new load balancer, and take every password and key for lost: replace them"),
    )


def _breach(estate: Estate, stack: str) -> tuple[Step, ...]:
    seen, names = _seen(estate), Names(_seen(estate))
    before = estate.now - timedelta(hours=_EXAMPLE_HOURS)
    secret = str(estate.master_secret["ARN"]) if isinstance(estate.master_secret, Mapping) else "SECRET_ARN"
    return (
        Step(
            title="Isolate: stop what may be in somebody else's hands, and keep the evidence",
            commands=(*stop_writers(seen).commands, *keep_the_present(names).commands),
            notes=(
                "Detach nothing and delete nothing: logs, snapshots and stopped tasks are the evidence.",
                "Revoke the sessions of every role that may be taken: its policy AWSRevokeOlderSessions does that.",
            ),
        ),
        Step(
            title="Rotate: every password and key that the stack has",
            commands=(
                aws(
                    "rds",
                    "modify-db-instance",
                    "--rotate-master-user-password",
                    "--apply-immediately",
                    db_instance_identifier=estate.database,
                ),
                aws("secretsmanager", "describe-secret", secret_id=secret),
            ),
            notes=("The application's too: write a new password into its secret, then release: migrations set it.",),
        ),
        Step(
            title="Find out since when: CloudTrail, the access logs, the database's log",
            notes=("The moment before the first trace is what is restored to.",),
        ),
        restore(seen, names, None, before),
        Step(
            title="Verify it, then give it the name of the present one",
            commands=swap(names).commands,
            notes=(
                f"--restore-time above is only an example, {_EXAMPLE_HOURS} h ago.",
                f"Locked backups reach further back than RDS does: bluegreen drill loss --stack {stack} says how.",
            ),
        ),
        _start_writers(estate),
    )


DISASTERS: Sequence[Disaster] = (
    Disaster(
        name="database",
        title="the database has failed, or its data are damaged",
        by_itself=(
            "the standby takes over within about two minutes when a server or a zone fails",
            "tasks answer /health/live meanwhile, so ECS does not replace them",
        ),
        steps=_database,
    ),
    Disaster(
        name="region",
        title="the region has failed",
        by_itself=("the replica in the recovery region receives every write, seconds later",),
        steps=_region,
    ),
    Disaster(
        name="loss",
        title="everything in the account is lost or deleted",
        by_itself=("the vault's lock refuses to delete backups before their time",),
        steps=_loss,
    ),
    Disaster(
        name="breach",
        title="somebody has broken in",
        by_itself=("alarms tell of what is unusual; nothing is shut by itself",),
        steps=_breach,
    ),
)


def _start_writers(estate: Estate) -> Step:
    commands = [
        aws("ecs", "update-service", cluster=one.cluster, service=one.name, desired_count=str(one.desired_count or 1))
        for one in estate.services
    ]
    return Step(title="Start the writers again", commands=tuple(commands))


def _seen(estate: Estate) -> Seen:
    return Seen(
        database=estate.database,
        instance=estate.instance if isinstance(estate.instance, Mapping) else None,
        snapshot_status=None,
        services=estate.services,
        now=estate.now,
    )
