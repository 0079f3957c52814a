"""A drill from its start to its end: what it does to RDS, what it says, and that nothing is left over."""

from dataclasses import replace

import pytest

from bluegreen.release.recovery.inspection import Inspection

from .world import LIVE, LOADED, NOW, World, refusal

FEWER = replace(LOADED, rows={"orders": 900})


def left_over(world: World) -> list[str]:
    return [name for name in world.instances if name != LIVE]


def test_a_recovered_database_is_timed_told_and_deleted(world: World) -> None:
    """A drill restores the latest moment beside the live instance, proves it, writes it down, and deletes it."""
    record = world.drill()
    assert (record.passed, record.problems, record.cleaned_up) == (True, (), True)
    assert (record.recovery_seconds, record.recovery_point_seconds) == (680.0, 200.0)
    assert (record.live, record.restored) == (LOADED, LOADED)
    assert world.metrics == {"RecoveryFailed": 0, "RecoveryTimeSeconds": 680.0, "RecoveryPointSeconds": 200.0}
    assert left_over(world) == []


def test_it_restores_into_a_closed_group_without_standby_or_protection(world: World) -> None:
    """The restored instance is the live one's class, in its subnets, reachable by the check alone, and deletable."""
    record = world.drill()
    (asked,) = world.aws.called("rds.restore_db_instance_to_point_in_time")
    assert record.instance == f"bluegreen-drill-{record.id}"
    tags = asked.pop("Tags")
    assert tags == [{"Key": "bluegreen:drill", "Value": record.id}]
    assert asked == {
        "SourceDBInstanceIdentifier": LIVE,
        "TargetDBInstanceIdentifier": record.instance,
        "UseLatestRestorableTime": True,
        "DBInstanceClass": "db.t4g.medium",
        "DBSubnetGroupName": "subnets",
        "VpcSecurityGroupIds": ["sg-restored"],
        "MultiAZ": False,
        "PubliclyAccessible": False,
        "DeletionProtection": False,
        "CopyTagsToSnapshot": False,
    }


@pytest.mark.parametrize(
    ("restored", "said"),
    [
        (FEWER, "orders has 900 rows of 1000, at least 95 % are required"),
        (replace(LOADED, newest={"orders.created_at": NOW - 500}), "499 s of data are missing"),
        (Inspection(error="no route"), "the restored database could not be read: no route"),
        ("EssentialContainerExited", "the check's task told nothing (exit code 137, States.TaskFailed)"),
    ],
)
def test_what_is_not_recovered_is_told_and_deleted(world: World, restored: Inspection | str, said: str) -> None:
    """Missing rows, stale rows and an unreadable database fail the drill with the reason, and it is cleaned up."""
    world.inspections["restored"] = restored
    record = world.drill()
    assert record.passed is False
    assert said in "; ".join(record.problems)
    assert world.metrics["RecoveryFailed"] == 1
    assert (left_over(world), record.cleaned_up) == ([], True)


def test_an_instance_that_cannot_be_restored_is_told_and_deleted(world: World) -> None:
    """A state that an instance does not leave by itself ends the drill at once."""
    world.broken = "incompatible-restore"
    record = world.drill()
    assert "the restored instance is incompatible-restore" in record.problems[0]
    assert left_over(world) == []


def test_an_instance_that_never_comes_up_is_given_up_and_deleted_when_it_can_be(world: World) -> None:
    """After the deadline the drill fails, and waits until RDS lets the instance be deleted."""
    world.ready_seconds = 8000
    record = world.drill()
    assert "the restored instance is creating after 72" in record.problems[0]
    assert (left_over(world), record.cleaned_up) == ([], True)


def test_an_instance_that_cannot_be_deleted_is_told(world: World) -> None:
    """Cleaning up is bounded: what is left over is named, for it costs money."""
    world.ready_seconds = 1_000_000
    record = world.drill()
    assert record.cleaned_up is False
    assert f"{record.instance} could not be deleted and costs money: delete it by hand" in record.problems


def test_a_live_database_without_backups_cannot_be_recovered(world: World) -> None:
    """Without a restorable moment nothing is restored, and the reason says what to set."""
    del world.instances[LIVE]["LatestRestorableTime"]
    assert "keeps no backups" in world.drill().problems[0]
    assert world.aws.called("rds.restore_db_instance_to_point_in_time") == []


def test_a_check_that_never_started_is_tried_once_more(world: World) -> None:
    """No room in Fargate for the check is not a database that is not recovered."""
    world.inspections["live"] = "TaskFailedToStart"
    assert world.drill().passed is True


def test_a_busy_live_instance_is_waited_for(world: World) -> None:
    """RDS refuses to restore while the live instance is being backed up; the drill asks again."""
    restore = world.aws.answers["rds.restore_db_instance_to_point_in_time"]
    refused = [refusal("InvalidDBInstanceState")]

    def busy_first(**asked: object) -> object:
        if refused:
            raise refused.pop()
        return restore(**asked)

    world.aws.answers["rds.restore_db_instance_to_point_in_time"] = busy_first
    assert world.drill().passed is True


def test_a_refusal_of_aws_fails_the_drill_and_cleans_up(world: World) -> None:
    """What AWS refuses for good is the reason, in its own words."""
    world.aws.answers["rds.restore_db_instance_to_point_in_time"] = refusal("StorageQuotaExceeded")
    record = world.drill()
    assert record.problems == ("AWS: Ask: StorageQuotaExceeded: told StorageQuotaExceeded",)
    assert record.cleaned_up is True


def test_an_operator_sees_recoveries(world: World) -> None:
    """The newest come first, and one is found by its id while it runs."""
    recovery = world.call(step="start", by="ann")["id"]
    assert world.call(step="recovery", id=recovery)["ended"] is None
    assert [one["id"] for one in world.call(step="status")["recoveries"]] == [recovery]
    with pytest.raises(ValueError, match="there is no recovery 'd-0'"):
        world.call(step="recovery", id="d-0")
