from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.rds.resource_types import DBInstanceType
from tests.rehearsal.cloud.test_rds_snapshots import Database

SNAPSHOT_SECONDS, RESTORE_SECONDS, DELETE_SECONDS = 180, 300, 120
OWNER = ("orders", "secret")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(tmp_path_factory.mktemp("rds"))
    made.later(600)
    with connect(made, "orders-db") as connection:
        connection.execute("CREATE TABLE orders (id int)")
        connection.execute("CREATE ROLE app LOGIN PASSWORD 'apps'")
        connection.execute("GRANT SELECT ON orders TO app")
    yield made
    made.rds.stop()


@pytest.fixture
def database(running: Database) -> Iterator[Database]:
    running.rds.keep("orders-db", {"DeletionProtection": False})
    yield running
    running.rds.inject({"fault": None})
    running.later(RESTORE_SECONDS)
    for one in running.api.describe_db_instances()["DBInstances"]:
        if one["DBInstanceIdentifier"] != "orders-db":
            running.rds.delete(one["DBInstanceIdentifier"])
    for snapshot in running.snapshots():
        running.api.delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])


def connect(database: Database, name: str, login: tuple[str, str] = OWNER) -> Any:
    user, password = login
    server = database.rds.instance(name).server
    return psycopg.connect(host=server.address, port=server.port, user=user, password=password, dbname="shop")


def order(database: Database, number: int) -> None:
    with connect(database, "orders-db") as connection:
        connection.execute("INSERT INTO orders VALUES (%s)", (number,))


def orders(database: Database, name: str, login: tuple[str, str] = OWNER) -> set[int]:
    with connect(database, name, login) as connection:
        return {number for (number,) in connection.execute("SELECT id FROM orders")}


def described(database: Database, name: str) -> dict[str, Any]:
    (found,) = database.api.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return dict(found)


def restore(database: Database, name: str, **request: Any) -> dict[str, Any]:
    moment = {} if "RestoreTime" in request else {"UseLatestRestorableTime": True}
    source = {"SourceDBInstanceIdentifier": "orders-db", "TargetDBInstanceIdentifier": name}
    made = database.api.restore_db_instance_to_point_in_time(**source | moment | request)
    return dict(made["DBInstance"])


def test_a_restored_instance_has_the_data_the_users_and_their_passwords(database: Database) -> None:
    """Whoever could log in to the original can log in to the copy, reads the same rows, and changes only the copy."""
    order(database, 1)
    restore(database, "drill")
    assert 1 in orders(database, "drill", ("app", "apps"))
    with connect(database, "drill") as connection:
        connection.execute("DELETE FROM orders")
    assert 1 in orders(database, "orders-db")


def test_a_restore_takes_some_minutes(database: Database) -> None:
    """The new instance is creating, without an endpoint, and then available."""
    assert restore(database, "Drill")["DBInstanceStatus"] == "creating"
    assert "Endpoint" not in described(database, "drill")
    database.later(RESTORE_SECONDS)
    assert described(database, "drill")["DBInstanceStatus"] == "available"
    assert described(database, "drill")["Endpoint"]["Port"] == 5432


def test_a_restored_instance_inherits_what_rds_lets_it_inherit(database: Database) -> None:
    """Class and retention are the original's; groups, tags and protection are only what the request says."""
    database.rds.keep(
        "orders-db", {"DBInstanceClass": "db.t4g.medium", "DeletionProtection": True, "VPCSecurityGroups": ["sg-1"]}
    )
    made = restore(database, "drill", VpcSecurityGroupIds=["sg-2"], Tags=[{"Key": "drill", "Value": "1"}])
    assert (made["DBInstanceClass"], made["BackupRetentionPeriod"]) == ("db.t4g.medium", 7)
    assert made["VpcSecurityGroups"] == [{"VpcSecurityGroupId": "sg-2", "Status": "active"}]
    assert (made["DeletionProtection"], made["TagList"]) == (False, [{"Key": "drill", "Value": "1"}])


def test_a_snapshot_holds_the_data_of_its_moment(database: Database) -> None:
    """What is written after it is not in the instance that is made from it."""
    order(database, 2)
    database.begin("before")
    order(database, 3)
    request = {"DBInstanceIdentifier": "copy", "DBSnapshotIdentifier": "before"}
    with pytest.raises(ApiError, match="InvalidDBSnapshotState"):
        database.api.restore_db_instance_from_db_snapshot(**request)
    database.later(SNAPSHOT_SECONDS)
    database.api.restore_db_instance_from_db_snapshot(**request)
    restored = orders(database, "copy")
    assert 2 in restored
    assert 3 not in restored


def test_another_moment_than_the_latest_is_refused(database: Database) -> None:
    """The latest restorable time can be named; a later one RDS refuses, an earlier one this cloud."""
    latest = described(database, "orders-db")["LatestRestorableTime"]

    def at(moment: float) -> None:
        restore(database, "drill", RestoreTime=datetime.fromtimestamp(moment, UTC))

    with pytest.raises(ApiError, match="after the latest restorable time"):
        at(latest + 1)
    with pytest.raises(ApiError, match="only to its latest restorable time"):
        at(latest - 301)
    with pytest.raises(ApiError, match="either RestoreTime or UseLatestRestorableTime"):
        restore(database, "drill", RestoreTime=datetime.now(UTC), UseLatestRestorableTime=True)
    at(latest)
    assert described(database, "drill")["DBInstanceStatus"] == "creating"


def test_what_is_refused_of_restores(database: Database) -> None:
    """Each refusal has RDS's code, and leaves no instance behind."""
    for change, code in (
        ({"SourceDBInstanceIdentifier": "other"}, "DBInstanceNotFound"),
        ({"TargetDBInstanceIdentifier": "orders-db"}, "DBInstanceAlreadyExists"),
        ({"TargetDBInstanceIdentifier": "1st"}, "InvalidParameterValue"),
    ):
        with pytest.raises(ApiError) as refused:
            restore(database, "drill", **change)
        assert refused.value.code == code
    database.rds.keep("orders-db", {"BackupRetentionPeriod": 0})
    with pytest.raises(ApiError, match="PointInTimeRestoreNotEnabled"):
        restore(database, "drill")
    database.rds.keep("orders-db", {"BackupRetentionPeriod": 7})
    assert [one["name"] for one in database.rds.snapshot()["instances"]] == ["orders-db"]


def test_a_restore_that_fails_says_so_in_the_instances_status(database: Database) -> None:
    """`restore-fails` hits those that begin while it is in force; such an instance can only be deleted."""
    database.rds.inject({"fault": "restore-fails"})
    restore(database, "drill")
    database.later(RESTORE_SECONDS)
    assert described(database, "drill")["DBInstanceStatus"] == "incompatible-restore"
    assert "Endpoint" not in described(database, "drill")


def test_a_deleted_instance_is_gone_after_a_while(database: Database) -> None:
    """It is deleting, cannot be deleted again, and is then not found; its final snapshot stays if one was asked for."""
    restore(database, "drill")
    database.later(RESTORE_SECONDS)
    with pytest.raises(ApiError, match="FinalDBSnapshotIdentifier is required"):
        database.api.delete_db_instance(DBInstanceIdentifier="drill")
    deleted = database.api.delete_db_instance(DBInstanceIdentifier="drill", FinalDBSnapshotIdentifier="last")
    assert deleted["DBInstance"]["DBInstanceStatus"] == "deleting"
    assert database.rds.instance("drill").server.pid is None
    with pytest.raises(ApiError, match="InvalidDBInstanceState"):
        database.api.delete_db_instance(DBInstanceIdentifier="drill", SkipFinalSnapshot=True)
    database.later(DELETE_SECONDS)
    with pytest.raises(ApiError, match="DBInstanceNotFound"):
        described(database, "drill")
    assert [one["DBSnapshotIdentifier"] for one in database.snapshots(DBInstanceIdentifier="drill")] == ["last"]


def test_an_instance_can_be_changed_by_hand(database: Database) -> None:
    """An operator takes the protection off before a deletion; what this cloud cannot change is refused."""
    database.rds.keep("orders-db", {"DeletionProtection": True})
    changed = database.api.modify_db_instance(
        DBInstanceIdentifier="orders-db", DeletionProtection=False, ApplyImmediately=True
    )
    assert changed["DBInstance"]["DeletionProtection"] is False
    with pytest.raises(ApiError, match="does not change EngineVersion"):
        database.api.modify_db_instance(DBInstanceIdentifier="orders-db", EngineVersion="18.1")


def test_a_stack_that_keeps_a_snapshot_leaves_one(database: Database) -> None:
    """A deletion policy of Snapshot leaves the data in a final snapshot, also where protection refused once before."""
    restore(database, "drill")
    database.later(RESTORE_SECONDS)
    kind = DBInstanceType(database.rds)
    database.rds.keep("drill", {"DeletionProtection": True})
    kind.snapshot("drill", {})
    with pytest.raises(ApiError, match="Cannot delete protected DB Instance"):
        kind.delete("drill", {})
    assert database.snapshots(DBInstanceIdentifier="drill") == []
    database.rds.keep("drill", {"DeletionProtection": False})
    kind.snapshot("drill", {})
    kind.delete("drill", {})
    (left,) = database.snapshots(DBInstanceIdentifier="drill")
    assert left["DBSnapshotIdentifier"].startswith("drill-snapshot-")
