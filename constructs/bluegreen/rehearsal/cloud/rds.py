"""RDS instances over real PostgreSQL, and the attachment that tells a secret where its database is."""

import json
import re
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from .api import ApiError, Created, Document
from .journal import Journal
from .postgres import ADMIN, Postgres, free_address
from .processes import Processes

DEFAULT_PORT = 5432
NEWEST = "18"
_IDENTIFIER = re.compile(r"[a-z](-?[a-z0-9]){0,62}")


class Rds:
    """Amazon RDS: PostgreSQL instances that CloudFormation creates.

    Emulated: creation, the master user's password, deletion, DescribeDBInstances. Everything else of an instance (its
    class, storage, backups, Multi-AZ, parameter groups, encryption) is kept and repeated, with nothing behind it.

    Args:
        journal: Where starts and ends are told.
        folder: Scratch; the databases go to rds/ in it.
        region: The only region.
        account: The account's number.
    """

    botocore_name: ClassVar[str] = "rds"

    def __init__(self, *, journal: Journal, folder: Path, region: str, account: str) -> None:
        self._journal = journal
        self._folder = folder / "rds"
        self._arn = f"arn:aws:rds:{region}:{account}:db:"
        self._processes = Processes()
        self._lock = threading.RLock()
        self._servers: dict[str, Postgres] = {}
        self._records: dict[str, Document] = {}

    def describe_db_instances(self, request: Document) -> Document:
        """Describe all instances, or the one that is named.

        Raises:
            ApiError: DBInstanceNotFound.
        """
        name = request.get("DBInstanceIdentifier")
        with self._lock:
            if name is None:
                return {"DBInstances": list(self._records.values())}
            return {"DBInstances": [self.record(name.rpartition(":")[2])]}

    def record(self, name: str) -> Document:
        """Return an instance as DescribeDBInstances shows it.

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
        return _kept(properties) | {
            "DBInstanceIdentifier": name,
            "DBInstanceArn": f"{self._arn}{name}",
            "DbiResourceId": f"db-{uuid.uuid4().hex[:26].upper()}",
            "DBInstanceStatus": "available",
            "Engine": "postgres",
            "EngineVersion": str(server.version),
            "MasterUsername": properties["MasterUsername"],
            "DBName": properties.get("DBName"),
            "Endpoint": {"Address": server.address, "Port": server.port, "HostedZoneId": "Z0LOCAL"},
        }


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


class DBInstanceType:
    """AWS::RDS::DBInstance."""

    type_name: ClassVar[str] = "AWS::RDS::DBInstance"
    create_only: ClassVar[frozenset[str]] = frozenset(
        {
            "CharacterSetName",
            "DBClusterIdentifier",
            "DBInstanceIdentifier",
            "DBName",
            "DBSubnetGroupName",
            "Engine",
            "EngineVersion",  # AWS upgrades in place; the local servers cannot
            "KmsKeyId",
            "MasterUsername",
            "Port",
            "SourceRegion",
            "StorageEncrypted",
            "Timezone",
        }
    )

    def __init__(self, rds: Rds) -> None:
        self._rds = rds

    def create(self, name: str, properties: Document) -> Created:
        """Start a PostgreSQL server."""
        identifier = str(
            properties.get("DBInstanceIdentifier") or re.sub(r"[^a-z0-9]+", "-", name.lower())[-63:]
        ).lower()
        return self._created(self._rds.create(identifier.strip("-"), properties))

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the master user's password; keep everything else that changed."""
        if new.get("MasterUserPassword") != old.get("MasterUserPassword"):
            self._rds.set_password(physical_id, new["MasterUserPassword"])
        return self._created(self._rds.keep(physical_id, new))

    def delete(self, physical_id: str, properties: Document) -> None:
        """Stop it and delete its data.

        Raises:
            ApiError: InvalidParameterCombination when it is protected from deletion.
        """
        if str(properties.get("DeletionProtection", False)).lower() == "true":
            message = "Cannot delete protected DB Instance, please disable deletion protection and try again."
            raise ApiError("InvalidParameterCombination", message)
        self._rds.delete(physical_id)

    @staticmethod
    def _created(record: Document) -> Created:
        attributes = {
            "Endpoint.Address": record["Endpoint"]["Address"],
            "Endpoint.Port": str(record["Endpoint"]["Port"]),
            "Endpoint.HostedZoneId": record["Endpoint"]["HostedZoneId"],
            "DBInstanceArn": record["DBInstanceArn"],
            "DbiResourceId": record["DbiResourceId"],
        }
        return Created(record["DBInstanceIdentifier"], attributes)


class SecretTargetAttachmentType:
    """AWS::SecretsManager::SecretTargetAttachment for our instances: writes where the database is into the secret.

    Args:
        rds: Where the instances are.
        client: Makes boto3 clients by service name.
    """

    type_name: ClassVar[str] = "AWS::SecretsManager::SecretTargetAttachment"
    create_only: ClassVar[frozenset[str]] = frozenset({"SecretId"})

    def __init__(self, rds: Rds, client: Callable[[str], Any]) -> None:
        self._rds = rds
        self._client = client

    def create(self, name: str, properties: Document) -> Created:  # noqa: ARG002 - the secret's ARN is the id
        """Add engine, host, port, dbname and dbInstanceIdentifier to the secret.

        Raises:
            ValueError: If the target is no DB instance, or the secret is no JSON.
            TypeError: If the secret is JSON, but no object.
        """
        if properties["TargetType"] != "AWS::RDS::DBInstance":
            message = f"the local cloud attaches secrets only to AWS::RDS::DBInstance, got {properties['TargetType']}"
            raise ValueError(message)
        instance = self._rds.record(properties["TargetId"])
        facts = {
            "engine": "postgres",
            "host": instance["Endpoint"]["Address"],
            "port": instance["Endpoint"]["Port"],
            "dbInstanceIdentifier": instance["DBInstanceIdentifier"],
        }
        if instance.get("DBName"):
            facts["dbname"] = instance["DBName"]
        secrets = self._client("secretsmanager")
        current = secrets.get_secret_value(SecretId=properties["SecretId"])
        document = json.loads(current["SecretString"])
        if not isinstance(document, dict):
            raise TypeError(f"secret {current['ARN']} must hold a JSON object to be attached to a database")
        if document | facts != document:
            secrets.put_secret_value(SecretId=current["ARN"], SecretString=json.dumps(document | facts))
        return Created(current["ARN"])

    def update(self, physical_id: str, old: Document, new: Document) -> Created:  # noqa: ARG002 - written again
        """Write the facts of the new target."""
        return self.create(physical_id, new)

    def delete(self, physical_id: str, properties: Document) -> None:
        """Leave the secret as it is: it goes with its stack, and its reader may still need it."""


def resource_types(rds: Rds, client: Callable[[str], Any]) -> "list[DBInstanceType | SecretTargetAttachmentType]":
    """Return AWS::RDS::DBInstance and the secret's attachment to it."""
    return [DBInstanceType(rds), SecretTargetAttachmentType(rds, client)]
