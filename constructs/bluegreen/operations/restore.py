"""What a restore plan needs to know of AWS; every call only reads."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from bluegreen.release.migrations.ledger import Record

from .aws import Clients, OperationError, errors_told
from .migrations import Status
from .restore_plan import NothingToRestoreError, RestorePlan, restore_plan
from .restore_steps import Seen, Service
from .stack import Resource


def plan_restore(status: Status, run: str | None, found: Sequence[Resource], clients: Clients) -> RestorePlan:
    """Return how to restore the database to before a run.

    Args:
        status: What `Migrations.status` returned.
        run: The run's id; the newest with a restore point when None.
        found: The stack's resources.
        clients: AWS.

    Raises:
        OperationError: If there is no such run, it has no restore point that can be used, or AWS refuses.
    """
    record = _record(status.runs, run)
    snapshot = record.restore_point.snapshot if record.restore_point else None
    with errors_told():
        seen = Seen(
            database=status.database,
            instance=_instance(clients("rds"), status.database),
            snapshot_status=_snapshot_status(clients("rds"), snapshot),
            services=services_of(clients, found),
            now=datetime.now(UTC),
        )
    try:
        return restore_plan(record, status.runs[: status.runs.index(record)], seen)
    except NothingToRestoreError as error:
        raise OperationError(
            str(error), hint="`bluegreen migrations status` shows the runs; a new release can still repair the schema"
        ) from error


def _record(runs: Sequence[Record], run: str | None) -> Record:
    for one in runs:
        if one.id == run or (run is None and one.restore_point):
            return one
    raise OperationError(
        f"the ledger has no run {run!r} among its newest {len(runs)}"
        if run is not None
        else f"none of the newest {len(runs)} runs has a restore point",
        hint="`bluegreen migrations status` shows the runs",
    )


def _instance(rds: Any, database: str) -> Mapping[str, Any] | None:
    found = _found(rds.describe_db_instances, "DBInstanceNotFound", DBInstanceIdentifier=database)
    instance: Mapping[str, Any] | None = found["DBInstances"][0] if found else None
    return instance


def _snapshot_status(rds: Any, snapshot: str | None) -> str | None:
    if snapshot is None:
        return None
    found = _found(rds.describe_db_snapshots, "DBSnapshotNotFound", DBSnapshotIdentifier=snapshot)
    return str(found["DBSnapshots"][0]["Status"]) if found else None


def _found(describe: Any, not_found: str, **which: str) -> Mapping[str, Any] | None:
    try:
        answer: Mapping[str, Any] = describe(**which)
    except ClientError as error:
        if error.response["Error"]["Code"] in {not_found, f"{not_found}Fault"}:
            return None
        raise
    return answer


def services_of(clients: Clients, found: Sequence[Resource]) -> tuple[Service, ...]:
    """Return a stack's services, as they are now.

    Args:
        clients: AWS.
        found: The stack's resources.
    """
    ecs = clients("ecs")
    scaled = {one.physical_id.partition("|")[0] for one in found if "ScalableTarget" in one.type}
    seen = []
    for one in found:
        if one.type != "AWS::ECS::Service":
            continue
        *_, cluster, name = one.physical_id.split("/")
        told = ecs.describe_services(cluster=cluster, services=[name])["services"]
        seen.append(
            Service(
                cluster=cluster,
                name=name,
                desired_count=told[0]["desiredCount"] if told else None,
                scaled=f"service/{cluster}/{name}" in scaled,
            )
        )
    return tuple(seen)
