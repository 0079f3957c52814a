from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.clock import Clock
from bluegreen.rehearsal.cloud.journal import Journal
from bluegreen.rehearsal.cloud.rds import Rds
from bluegreen.rehearsal.cloud.rds.resource_types import DBInstanceType
from tests.rehearsal.cloud.checked import Checked

PROPERTIES = {
    "DBInstanceIdentifier": "orders-db",
    "Engine": "postgres",
    "MasterUsername": "orders",
    "MasterUserPassword": "secret",
    "DBName": "shop",
    "BackupRetentionPeriod": 7,
}


class HandClock(Clock):
    """A clock that moves only when told."""

    at = 1_700_000_000.0

    def now(self) -> float:
        return self.at


class Database:
    """RDS with one instance, and its operations checked against botocore's model."""

    def __init__(self, folder: Path) -> None:
        self.clock = HandClock()
        self.rds = Rds(
            clock=self.clock,
            journal=Journal(self.clock.now),
            client=lambda name: pytest.fail(f"{name} is called"),
            folder=folder,
            region="eu-west-1",
            account="123456789012",
        )
        DBInstanceType(self.rds).create("any", PROPERTIES)
        self.api = Checked(self.rds)

    def begin(self, name: str, instance: str = "orders-db") -> dict[str, Any]:
        made = self.api.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=instance)
        return dict(made["DBSnapshot"])

    def snapshots(self, **request: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.describe_db_snapshots(**request)["DBSnapshots"]
        return found

    def instance(self) -> dict[str, Any]:
        (found,) = self.api.describe_db_instances(DBInstanceIdentifier="orders-db")["DBInstances"]
        return dict(found)

    def later(self, seconds: float) -> None:
        self.clock.at += seconds


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(tmp_path_factory.mktemp("rds"))
    yield made
    made.rds.stop()


@pytest.fixture
def database(running: Database) -> Iterator[Database]:
    yield running
    running.rds.inject({"fault": None})
    running.later(3600)
    for snapshot in running.snapshots():
        running.api.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])


def test_a_snapshot_is_available_after_some_minutes(database: Database) -> None:
    """It is creating, with its progress, and then available; its instance is backing-up meanwhile."""
    made = database.begin("Before-1")
    assert (made["DBSnapshotIdentifier"], made["Status"], made["PercentProgress"]) == ("before-1", "creating", 0)
    assert made["DBSnapshotArn"].endswith(":snapshot:before-1")
    assert database.instance()["DBInstanceStatus"] == "backing-up"
    database.later(90)
    assert [(one["Status"], one["PercentProgress"]) for one in database.snapshots()] == [("creating", 50)]
    database.later(90)
    (done,) = database.snapshots(DBSnapshotIdentifier="BEFORE-1", DBInstanceIdentifier="orders-db")
    assert (done["Status"], done["PercentProgress"], done["SnapshotType"]) == ("available", 100, "manual")
    assert done["SnapshotCreateTime"] == made["SnapshotCreateTime"]
    assert database.instance()["DBInstanceStatus"] == "available"


def test_a_snapshot_that_fails_says_so_in_its_status(database: Database) -> None:
    """`snapshot-fails` hits those that begin while it is in force."""
    database.rds.inject({"fault": "snapshot-fails"})
    database.begin("fails")
    database.rds.inject({"fault": None})
    assert database.snapshots()[0]["Status"] == "creating"
    database.later(180)
    assert database.snapshots()[0]["Status"] == "failed"


def test_snapshots_are_found_by_instance_and_kind(database: Database) -> None:
    """There are none of another instance, and no automated ones."""
    database.begin("one")
    assert len(database.snapshots(SnapshotType="manual")) == len(database.snapshots()) == 1
    assert database.snapshots(SnapshotType="automated") == []
    assert database.snapshots(DBInstanceIdentifier="other") == []


def test_what_is_refused_of_snapshots(database: Database) -> None:
    """Each refusal has RDS's code."""

    def refusal(name: str, instance: str = "orders-db") -> str:
        with pytest.raises(ApiError) as refused:
            database.begin(name, instance)
        return refused.value.code

    assert refusal("one", "other") == "DBInstanceNotFound"
    for name in ("1one", "one-", "o--ne", "o_ne", "o" * 256):
        assert refusal(name) == "InvalidParameterValue"
    database.begin("one")
    assert refusal("ONE") == "DBSnapshotAlreadyExists"
    assert refusal("two") == "InvalidDBInstanceState"
    with pytest.raises(ApiError, match="InvalidDBSnapshotState"):
        database.api.delete_db_snapshot(DBSnapshotIdentifier="one")
    for call in (database.api.describe_db_snapshots, database.api.delete_db_snapshot):
        with pytest.raises(ApiError, match="DBSnapshotNotFound"):
            call(DBSnapshotIdentifier="two")


def test_a_snapshot_can_be_deleted_once_it_has_ended(database: Database) -> None:
    """Then its name is free again."""
    database.begin("one")
    database.later(180)
    assert database.api.delete_db_snapshot(DBSnapshotIdentifier="one")["DBSnapshot"]["Status"] == "deleted"
    database.begin("one")


def test_the_latest_restorable_time_lags_by_less_than_five_minutes(database: Database) -> None:
    """It moves with each upload of the transaction log; without backups there is none."""
    created = database.instance()["InstanceCreateTime"]
    database.clock.at = created + 10 * 300 + 299
    assert database.instance()["LatestRestorableTime"] == created + 10 * 300
    database.later(1)
    assert database.instance()["LatestRestorableTime"] == created + 11 * 300
    database.rds.keep("orders-db", {"BackupRetentionPeriod": 0})
    assert "LatestRestorableTime" not in database.instance()
    database.rds.keep("orders-db", {"BackupRetentionPeriod": 7})
