"""RDS instances over real PostgreSQL."""

import re
import threading
import uuid
from pathlib import Path
from typing import ClassVar

from .api import ApiError, Document
from .clock import Clock
from .journal import Journal
from .postgres import ADMIN, Postgres, free_address
from .processes import Processes
from .rds_snapshots import Snapshots, latest_restorable_time

DEFAULT_PORT = 5432
NEWEST = "18"
DEFAULT_RETENTION_DAYS = 1
_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,62}")


class Rds:
    """Amazon RDS: PostgreSQL instances that CloudFormation creates.

    Emulated: creation, the master user's password, deletion, DescribeDBInstances, and snapshots as records. Everything
    else of an instance (its class, storage, backups, Multi-AZ, parameter groups, encryption) is kept and repeated, with
    nothing behind it.

    Args:
        clock: The cloud's time.
        journal: Where starts and ends are told.
        folder: Scratch; the databases go to rds/ in it.
        region: The only region.
        account: The account's number.
    """

    botocore_name: ClassVar[str] = "rds"

    def __init__(self, *, clock: Clock, journal: Journal, folder: Path, region: str, account: str) -> None:
        self._clock = clock
        self._journal = journal
        self._folder = folder / "rds"
        self._arn = f"arn:aws:rds:{region}:{account}:db:"
        self._processes = Processes()
        self._lock = threading.RLock()
        self._servers: dict[str, Postgres] = {}
        self._records: dict[str, Document] = {}

        snapshots = Snapshots(clock, f"arn:aws:rds:{region}:{account}:snapshot:", self.record)
        self.create_db_snapshot = snapshots.create
        self.describe_db_snapshots = snapshots.describe
        self.delete_db_snapshot = snapshots.delete
        self.inject = snapshots.inject
        self._snapshots = snapshots

    def describe_db_instances(self, request: Document) -> Document:
        """Describe all instances, or the one that is named.

        Raises:
            ApiError: DBInstanceNotFound.
        """
        name = request.get("DBInstanceIdentifier")
        with self._lock:
            records = list(self._records.values()) if name is None else [self.record(name.rpartition(":")[2])]
            return {"DBInstances": [self._described(record) for record in records]}

    def _described(self, record: Document) -> Document:
        """Return a record with what passes with time."""
        changing: Document = {}
        if self._snapshots.backs_up(record["DBInstanceIdentifier"]):
            changing["DBInstanceStatus"] = "backing-up"
        if record["BackupRetentionPeriod"] > 0:
            created, now = record["InstanceCreateTime"], self._clock.now()
            changing["LatestRestorableTime"] = latest_restorable_time(created, now)
        return record | changing

    def record(self, name: str) -> Document:
        """Return an instance as it was created and changed.

        Raises:
            ApiError: DBInstanceNotFound.
        """
        with self._lock:
            if name.lower() not in self._records:
                raise ApiError("DBInstanceNotFound", f"DBInstance {name} not found.", status=404)
            return self._records[name.lower()]

    def create(self, name: str, properties: Document) -> Document:
        """Start an instance and wait until it answers.

        Args:
            name: Its identifier.
            properties: Those of AWS::RDS::DBInstance.

        Returns:
            Its record.

        Raises:
            ApiError: DBInstanceAlreadyExists, or InvalidParameterValue for what this cloud does not run.
            PostgresError: If PostgreSQL does not start.
        """
        _check(name, properties)
        port = int(properties.get("Port", DEFAULT_PORT))
        with self._lock:
            if name in self._servers:
                raise ApiError("DBInstanceAlreadyExists", "DB instance already exists")
            server = Postgres(
                self._folder / name,
                address=free_address(port),
                port=port,
                user=properties["MasterUsername"],
                password=properties["MasterUserPassword"],
                database=properties.get("DBName"),
                version=int(str(properties.get("EngineVersion", NEWEST)).partition(".")[0]),
                processes=self._processes,
            )
            self._servers[name] = server
            try:
                server.start()
            except Exception:
                self._servers.pop(name).stop()
                raise
            self._records[name] = self._make_record(name, properties, server)
        self._journal.record("service", f"database {name} answers at {server.address}:{port}", database=name)
        return self._records[name]

    def set_password(self, name: str, password: str) -> None:
        """Change the master user's password."""
        self._servers[name].set_password(password)

    def keep(self, name: str, properties: Document) -> Document:
        """Keep changed settings that have nothing behind them, and return the record."""
        with self._lock:
            self._records[name] |= _kept(properties)
            return self._records[name]

    def delete(self, name: str) -> None:
        """Stop an instance and delete its data; succeed when there is none."""
        with self._lock:
            server = self._servers.pop(name, None)
            self._records.pop(name, None)
        if server is not None:
            server.stop()
            self._journal.record("service", f"database {name} is deleted", database=name)

    def snapshot(self) -> Document:
        """Describe what an operator would look at."""
        with self._lock:
            return {
                "instances": [
                    {"name": name, "address": server.address, "port": server.port, "pid": server.pid}
                    for name, server in self._servers.items()
                ]
            }

    def stop(self) -> None:
        """End every server. Idempotent."""
        for name in list(self._servers):
            self.delete(name)
        self._processes.stop()

    def _make_record(self, name: str, properties: Document, server: Postgres) -> Document:
        return (
            {"BackupRetentionPeriod": DEFAULT_RETENTION_DAYS}
            | _kept(properties)
            | {
                "DBInstanceIdentifier": name,
                "InstanceCreateTime": self._clock.now(),
                "DBInstanceArn": f"{self._arn}{name}",
                "DbiResourceId": f"db-{uuid.uuid4().hex[:26].upper()}",
                "DBInstanceStatus": "available",
                "Engine": "postgres",
                "EngineVersion": str(server.version),
                "MasterUsername": properties["MasterUsername"],
                "DBName": properties.get("DBName"),
                "Endpoint": {"Address": server.address, "Port": server.port, "HostedZoneId": "Z0LOCAL"},
            }
        )


def _check(name: str, properties: Document) -> None:
    if not _IDENTIFIER.fullmatch(name):
        message = f"The parameter DBInstanceIdentifier is not a valid identifier: {name}"
        raise ApiError("InvalidParameterValue", message)
    if properties.get("Engine") != "postgres":
        message = f"the local cloud runs only the engine postgres, got {properties.get('Engine')}"
        raise ApiError("InvalidParameterValue", message)
    for key in ("MasterUsername", "MasterUserPassword"):
        if not properties.get(key):
            # Restores, replicas and passwords that RDS manages itself begin without one of them.
            raise ApiError("InvalidParameterValue", f"the local cloud starts only instances with a {key}")
    if properties["MasterUsername"] == ADMIN:
        message = f"MasterUsername {ADMIN} cannot be used as it is a reserved word used by the engine"
        raise ApiError("InvalidParameterValue", message)


def _kept(properties: Document) -> Document:
    """Return the settings that are only repeated, in the API's types."""
    kept: Document = {}
    for key in ("DBInstanceClass", "StorageType", "KmsKeyId", "CACertificateIdentifier"):
        if key in properties:
            kept[key] = properties[key]
    for key in ("AllocatedStorage", "BackupRetentionPeriod", "Iops"):
        if key in properties:
            kept[key] = int(properties[key])
    for key in ("MultiAZ", "DeletionProtection", "StorageEncrypted", "PubliclyAccessible", "CopyTagsToSnapshot"):
        if key in properties:
            kept[key] = str(properties[key]).lower() == "true"
    return kept
