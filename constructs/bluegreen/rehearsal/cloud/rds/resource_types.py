"""CloudFormation's types over RDS: instances, and the attachment that tells a secret where its database is."""

import json
import re
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from bluegreen.rehearsal.cloud.acceptance import schemas, validation
from bluegreen.rehearsal.cloud.api import Created, Document

from .instance import Instance
from .service import Rds


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
        """Start a PostgreSQL server.

        Raises:
            ValueError: If CloudFormation refuses the properties.
        """
        validation.check(schemas.schema(self.type_name), properties)
        identifier = str(
            properties.get("DBInstanceIdentifier") or re.sub(r"[^a-z0-9]+", "-", name.lower())[-63:]
        ).lower()
        return self._created(self._rds.create(identifier.strip("-"), properties))

    def update(self, physical_id: str, old: Document, new: Document) -> Created:
        """Change the master user's password; keep everything else that changed.

        Raises:
            ValueError: If CloudFormation refuses the properties.
        """
        validation.check(schemas.schema(self.type_name), new)
        return self._created(self._rds.update(physical_id, old, new))

    def snapshot(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the name is enough
        """Let its deletion leave a final snapshot."""
        self._rds.instance(physical_id).final_snapshot = f"{physical_id[:40]}-snapshot-{uuid.uuid4().hex[:12]}"

    def delete(self, physical_id: str, properties: Document) -> None:  # noqa: ARG002 - the instance knows its own
        """Stop it and delete its data, but for a final snapshot if one is wanted.

        Raises:
            ApiError: InvalidParameterCombination when it is protected from deletion.
        """
        self._rds.delete(physical_id)

    def _created(self, instance: Instance) -> Created:
        described = self._rds.described(instance)
        attributes = {
            "Endpoint.Address": described["Endpoint"]["Address"],
            "Endpoint.Port": str(described["Endpoint"]["Port"]),
            "Endpoint.HostedZoneId": described["Endpoint"]["HostedZoneId"],
            "DBInstanceArn": described["DBInstanceArn"],
            "DbiResourceId": described["DbiResourceId"],
        }
        if instance.secret is not None:
            attributes["MasterUserSecret.SecretArn"] = instance.secret["SecretArn"]
        return Created(instance.name, attributes)


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
        instance = self._rds.described(self._rds.instance(properties["TargetId"]))
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
