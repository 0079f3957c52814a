import shlex
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from bluegreen.operations.aws import OperationError
from bluegreen.operations.migrations import Status
from bluegreen.operations.restore import plan_restore
from bluegreen.operations.restore_plan import NothingToRestoreError, restore_plan
from bluegreen.operations.restore_steps import Seen, Service, Step
from bluegreen.operations.stack import resources
from bluegreen.release.migrations.ledger import Record, RestorePoint
from tests.operations.deployed import MIGRATED, PLANNED, Deployed, refusal

INSTANCE = {
    "DBInstanceClass": "db.t4g.micro",
    "DBSubnetGroup": {"DBSubnetGroupName": "data"},
    "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1", "Status": "active"}],
    "DBParameterGroups": [{"DBParameterGroupName": "postgres18"}],
    "Endpoint": {"Address": "orders-db.x", "Port": 5432},
    "EnabledCloudwatchLogsExports": ["postgresql", "upgrade"],
    "MultiAZ": True,
    "PubliclyAccessible": False,
    "DeletionProtection": True,
    "CopyTagsToSnapshot": True,
    "IAMDatabaseAuthenticationEnabled": False,
    "BackupRetentionPeriod": 7,
}
NOW = datetime(2026, 1, 31, 14, 28, tzinfo=UTC)
ORDERS = Service(cluster="prod", name="orders", desired_count=3, scaled=True)


def seen(**changed: Any) -> Seen:
    given: dict[str, Any] = {
        "database": "orders-db",
        "instance": INSTANCE,
        "snapshot_status": "available",
        "services": (ORDERS,),
        "now": NOW,
    }
    return Seen(**given | changed)


def record(**point: str) -> Record:
    return replace(MIGRATED, restore_point=RestorePoint(**point) if point else MIGRATED.restore_point)


def step(steps: tuple[Step, ...], begins: str) -> Step:
    (found,) = [one for one in steps if one.title.startswith(begins)]
    return found


def test_a_plan_says_what_would_be_lost() -> None:
    """Every write since the restore point, how long that is, and what later runs brought."""
    later = replace(MIGRATED, id="d-3", revisions=({"revision": "c3"},))
    plan = restore_plan(record(), [PLANNED, later], seen())
    assert plan.lost == (
        "every write since 2026-01-31T11:58:00Z: 2 h 30 min of them so far, and more until the writers are stopped",
        "what run d-3 did to the schema: c3",
    )


def test_a_plan_goes_from_stopped_writers_to_a_started_version() -> None:
    """Writers stop first, the present is kept, the restore goes to a new instance, and the names are swapped last."""
    plan = restore_plan(record(), [], seen())
    assert [one.title.partition(" ")[0] for one in plan.steps] == [
        "Stop",
        "Keep",
        "Restore",
        "Verify",
        "Swap",
        "Start",
        "Bring",
    ]
    assert [command.split()[2] for command in step(plan.steps, "Stop").commands] == [
        "register-scalable-target",
        "update-service",
        "describe-services",
    ]
    assert step(plan.steps, "Start").commands[0].endswith("--service orders --desired-count 3")


@pytest.mark.parametrize("count", [0, None])
def test_a_number_of_tasks_that_is_not_known_is_left_to_the_reader(count: int | None) -> None:
    """A plan that is made after the writers were stopped does not start none."""
    plan = restore_plan(record(), [], seen(services=(replace(ORDERS, desired_count=count),)))
    assert step(plan.steps, "Start").commands[0].endswith("--desired-count COUNT")


def test_a_restore_has_the_settings_of_the_instance() -> None:
    """What AWS would otherwise set to its defaults is named: network, parameters, protection."""
    command = step(restore_plan(record(), [], seen()).steps, "Restore").commands[0]
    assert command == (
        "aws rds restore-db-instance-from-db-snapshot --multi-az --no-publicly-accessible --deletion-protection "
        "--copy-tags-to-snapshot --no-enable-iam-database-authentication "
        "--db-snapshot-identifier bluegreen-orders-db-d-2 "
        "--db-instance-identifier orders-db-restored-202601311428 --db-instance-class db.t4g.micro "
        "--db-subnet-group-name data --vpc-security-group-ids sg-1 --db-parameter-group-name postgres18 --port 5432 "
        "--enable-cloudwatch-logs-exports postgresql upgrade"
    )


def test_rds_keeps_the_new_password_where_it_kept_the_old_one() -> None:
    """A restore takes that option for Oracle only, so the new instance is told once it is there."""
    kept = INSTANCE | {"MasterUserSecret": {"SecretArn": "arn:s", "KmsKeyId": "arn:k"}}
    restored = step(restore_plan(record(), [], seen(instance=kept)).steps, "Restore")
    assert "manage-master-user-password" not in restored.commands[0]
    assert restored.commands[2:] == (
        (
            "aws rds modify-db-instance --manage-master-user-password --apply-immediately "
            "--db-instance-identifier orders-db-restored-202601311428 --master-user-secret-kms-key-id arn:k"
        ),
        "aws rds wait db-instance-available --db-instance-identifier orders-db-restored-202601311428",
    )
    assert len(step(restore_plan(record(), [], seen()).steps, "Restore").commands) == 2


@pytest.mark.parametrize(
    ("point", "changed", "words"),
    [
        ({"restorable_until": "2026-01-31T11:59:00+00:00"}, {}, "--restore-time 2026-01-31T11:59:00Z"),
        (
            {
                "snapshot": "s",
                "snapshot_at": "2026-01-31T11:50:00+00:00",
                "restorable_until": "2026-01-31T11:59:00+00:00",
            },
            {},
            "--source-db-instance-identifier orders-db",
        ),
        (
            {
                "snapshot": "s",
                "snapshot_at": "2026-01-31T11:50:00+00:00",
                "restorable_until": "2026-01-20T11:59:00+00:00",
            },
            {},
            "--db-snapshot-identifier s",
        ),
        ({}, {"instance": None}, "--db-snapshot-identifier bluegreen-orders-db-d-2"),
    ],
)
def test_the_newest_point_that_can_be_used_is_restored(
    point: dict[str, str], changed: dict[str, Any], words: str
) -> None:
    """Of a snapshot and a point in time the newer, if AWS still has it."""
    assert words in step(restore_plan(record(**point), [], seen(**changed)).steps, "Restore").commands[0]


@pytest.mark.parametrize(
    ("given", "changed", "said"),
    [
        (PLANNED, {}, "run plan-1 made no restore point"),
        (record(), {"snapshot_status": None}, "its snapshot bluegreen-orders-db-d-2 is gone"),
        (record(), {"snapshot_status": "deleting"}, "its snapshot bluegreen-orders-db-d-2 is deleting"),
        (
            record(restorable_until="2026-01-20T11:59:00+00:00"),
            {},
            "its point in time 2026-01-20T11:59:00Z is older than the 7 days that backups are kept",
        ),
        (record(restorable_until="2026-01-31T11:59:00+00:00"), {"instance": None}, "went with the instance"),
    ],
)
def test_what_cannot_be_restored_is_refused_with_the_reason(given: Record, changed: dict[str, Any], said: str) -> None:
    """No restore point, one that was deleted, or one beyond the retention: the plan says which."""
    with pytest.raises(NothingToRestoreError, match=said):
        restore_plan(given, [], seen(**changed))


def test_names_fit_rds() -> None:
    """A new instance's name is the old one's with the minute, within RDS's 63 characters."""
    plan = restore_plan(record(), [], seen(database="o" * 63))
    words = shlex.split(step(plan.steps, "Restore").commands[0])
    name = words[words.index("--db-instance-identifier") + 1]
    assert len(name) == 63
    assert name.endswith("o-restored-202601311428")


@pytest.mark.parametrize("point", [{}, {"restorable_until": "2026-01-31T11:59:00+00:00"}])
def test_every_command_exists(point: dict[str, str]) -> None:
    """Each command is an operation of AWS with parameters of that operation, or a waiter that there is."""
    session = botocore.session.get_session()
    plan = restore_plan(record(**point), [], seen(instance=INSTANCE | {"MasterUserSecret": {"KmsKeyId": "arn:k"}}))
    commands = [shlex.split(command) for one in plan.steps for command in one.commands]
    for _, service, operation, *rest in commands:
        model = session.get_service_model(service)
        name = operation
        if operation == "wait":
            waiters = session.get_waiter_model(service)
            name = {xform_name(one, "-"): waiters.get_waiter(one).operation for one in waiters.waiter_names}[rest[0]]
            name = xform_name(name, "-")
        (shape,) = [
            model.operation_model(one).input_shape for one in model.operation_names if xform_name(one, "-") == name
        ]
        assert shape is not None
        known = {xform_name(member, "-") for member in shape.members} | {"query", "output"}
        given = {word.removeprefix("--") for word in rest if word.startswith("--")}
        assert {word.removeprefix("no-") for word in given} <= known, operation
        assert {xform_name(member, "-") for member in shape.required_members} <= given, operation


def planned(deployed: Deployed, run: str | None = None) -> Any:
    return plan_restore(Status.from_dict(deployed.status), run, resources(deployed, "Prod"), deployed)


def test_the_newest_run_with_a_restore_point_is_planned_for() -> None:
    """Plans and refused runs, which made none, are passed over; the stack's services are the writers."""
    deployed = Deployed()
    deployed.status["runs"] = [PLANNED.to_dict(), MIGRATED.to_dict()]
    plan = planned(deployed)
    assert plan.run == "d-2"
    assert "--cluster prod --service orders --desired-count 0" in step(plan.steps, "Stop").commands[0]


def test_autoscaling_is_suspended_where_the_stack_scales() -> None:
    """A scalable target would start tasks again."""
    deployed = Deployed()
    target = "service/prod/orders|ecs:service:DesiredCount|ecs"
    deployed.resources["Prod"]["Target"] = ("AWS::ApplicationAutoScaling::ScalableTarget", target)
    assert "--resource-id service/prod/orders" in step(planned(deployed).steps, "Stop").commands[0]


def test_an_instance_and_a_snapshot_that_are_gone_are_known_as_gone() -> None:
    """RDS's errors for them are facts for the plan."""
    deployed = Deployed()
    deployed.answers["rds.describe_db_instances"] = refusal("DBInstanceNotFound", "none", "DescribeDBInstances")
    plan = planned(deployed)
    assert any("The instance is gone" in note for note in step(plan.steps, "Restore").notes)
    deployed.answers["rds.describe_db_snapshots"] = refusal("DBSnapshotNotFound", "none", "DescribeDBSnapshots")
    with pytest.raises(OperationError, match="is gone"):
        planned(deployed)


@pytest.mark.parametrize(
    ("run", "runs", "said"),
    [
        ("d-9", [MIGRATED], "the ledger has no run 'd-9' among its newest 1"),
        (None, [PLANNED], "none of the newest 1 runs has a restore point"),
    ],
)
def test_a_run_that_is_not_there_is_told(run: str | None, runs: list[Record], said: str) -> None:
    """An unknown run, and a ledger without any restore point, are errors with a next step."""
    deployed = Deployed()
    deployed.status["runs"] = [one.to_dict() for one in runs]
    with pytest.raises(OperationError, match=said):
        planned(deployed, run)


def test_a_refusal_of_rds_is_told() -> None:
    """An error that is not about what is gone ends the plan."""
    deployed = Deployed()
    deployed.answers["rds.describe_db_instances"] = refusal("AccessDenied", "no", "DescribeDBInstances")
    with pytest.raises(OperationError, match="AWS denies DescribeDBInstances: no"):
        planned(deployed)
