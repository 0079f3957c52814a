"""AWS Backup's restore tests: judged like a drill, told to AWS Backup, and left to it to delete."""

import json

import pytest

from bluegreen.release.recovery.inspection import Inspection

from .world import LIVE, World

RESTORED = "arn:aws:rds:eu-west-1:123456789012:db:awsbackup-restore-test-1"


@pytest.fixture
def restored(world: World) -> World:
    """What AWS Backup has restored is there."""
    world.instances["awsbackup-restore-test-1"] = world._instance("awsbackup-restore-test-1", "restored", None)
    return world


def test_a_good_recovery_point_gets_its_verdict(restored: World) -> None:
    """The verdict is told, times count from the restore job's own, and the instance is AWS Backup's to delete."""
    record = restored.test(createdResourceArn=RESTORED)
    assert (record.passed, record.cleaned_up) == (True, True)
    assert restored.verdicts == [("SUCCESSFUL", "recovered")]
    assert (record.recovery_seconds, record.recovery_point_seconds) == (980.0, 8.75 * 3600)
    assert restored.aws.called("rds.delete_db_instance") == []


def test_a_bad_recovery_point_gets_its_verdict(restored: World) -> None:
    """What is wrong is in the verdict."""
    restored.inspections["restored"] = Inspection(rows={"orders": 1}, revisions=("0005",))
    assert restored.test(createdResourceArn=RESTORED).passed is False
    ((status, message),) = restored.verdicts
    assert (status, "orders has 1 rows of 1000" in message) == ("FAILED", True)


def test_an_old_recovery_point_fails(restored: World) -> None:
    """A recovery point older than the schedule allows means that backups stopped."""
    restored.job["RecoveryPointCreationDate"] = restored.job["CreationDate"].replace(day=29)
    assert (
        "of data are missing, the objective (RPO) is 93600 s" in restored.test(createdResourceArn=RESTORED).problems[0]
    )


def test_a_restore_that_failed_is_recorded(world: World) -> None:
    """There is nothing to look at and nobody to tell a verdict; the alarm's metric and the ledger say it."""
    record = world.test(status="FAILED", statusMessage="no subnet")
    assert record.problems == ("AWS Backup could not restore: no subnet",)
    assert (world.metrics["RecoveryFailed"], world.verdicts) == (1, [])


def test_an_event_that_comes_twice_is_one_test(restored: World) -> None:
    """EventBridge may tell an event twice; the execution's name is the job's."""
    detail = {"restoreJobId": "job-1", "status": "COMPLETED", "createdResourceArn": RESTORED}
    for _ in range(2):
        restored.call(source="aws.backup", detail=detail)
    assert {name for name, _ in restored.started} == {"test-job-1"}
    assert list(restored.items) == ["drill#test-job-1"]


class TestLost:
    """A recovery whose execution or step was lost."""

    def lose(self, world: World) -> dict[str, object]:
        """Begin a drill, and lose it while it waits for its instance."""
        world.call(step="start", by="ann")
        (_, request) = world.started[-1]
        world.run(request, stop_at=lambda answer: answer["progress"]["phase"].startswith("wait"))
        world.now += world.ready_seconds
        return request

    def test_a_lost_execution_is_cleaned_up(self, world: World) -> None:
        """What it restored is deleted, and the record says that it was lost."""
        request = self.lose(world)
        world.aws.answers["stepfunctions.describe_execution"] = {"input": json.dumps({"request": request})}
        world.call(source="aws.states", detail={"executionArn": "arn", "status": "TIMED_OUT"})
        assert list(world.instances) == [LIVE]
        record = world.record(str(request["id"]))
        assert (record.passed, record.cleaned_up) == (False, True)
        assert "the recovery was lost: the execution is TIMED_OUT" in record.problems[0]

    def test_a_lost_step_is_cleaned_up(self, world: World) -> None:
        """The state machine has a failed step settled."""
        request = self.lose(world)
        assert world.call(step="settle", request=request, error={"Error": "Runtime", "Cause": "x"}) == {
            "next": "failed"
        }
        assert list(world.instances) == [LIVE]

    def test_one_that_cannot_be_cleaned_up_yet_is_tried_again(self, world: World) -> None:
        """While RDS still creates the instance, settling fails, so that Lambda or Step Functions repeats it."""
        request = self.lose(world)
        world.now -= world.ready_seconds
        with pytest.raises(RuntimeError, match="could not be deleted"):
            world.call(step="settle", request=request, error=None)

    def test_one_that_has_ended_stays_as_it_was(self, world: World) -> None:
        """A drill that failed in itself, and so its execution, is not told again."""
        world.inspections["restored"] = Inspection(error="no route")
        record = world.drill()
        world.aws.answers["stepfunctions.describe_execution"] = {"input": json.dumps({"request": world.started[-1][1]})}
        world.call(source="aws.states", detail={"executionArn": "arn", "status": "FAILED"})
        assert world.record(record.id) == record


def test_only_instances_of_drills_are_ever_deleted() -> None:
    """Whatever a request says, no other name is deleted."""
    import recovery_instances  # noqa: PLC0415 - found through conftest.py

    with pytest.raises(ValueError, match="only instances named bluegreen-drill-"):
        recovery_instances.delete(LIVE)
