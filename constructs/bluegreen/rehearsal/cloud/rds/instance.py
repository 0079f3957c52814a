"""One instance: its server, its settings, and what becomes of it with time."""

import uuid
from dataclasses import dataclass, field

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.cloud.postgres import Postgres

RESTORE_SECONDS = 300.0
"""How long a restored instance is `creating`, in cloud time; on AWS it depends on its size."""

DELETE_SECONDS = 120.0
"""How long an instance that was deleted through the API is `deleting`, in cloud time."""

LOG_UPLOAD_SECONDS = 300.0
"""How often RDS uploads an instance's transaction log: a restore to a point in time ends at the last upload."""


@dataclass
class Instance:
    """A database instance.

    Args:
        name: Its identifier.
        arn: Its ARN.
        server: Its PostgreSQL.
        created: When it was asked for, in cloud time.
        settings: What is kept of what was asked for.
        master: The master user.
        database: The database that was asked for; None for none.
        ready: When it is available, in cloud time.
        broken: Whether its restore fails.
        secret: MasterUserSecret, when RDS manages the master user's password.
        deleted: When its deletion was asked for, in cloud time.
        resource_id: Its DbiResourceId.
        final_snapshot: The snapshot that its deletion by CloudFormation leaves; none when empty.
    """

    name: str
    arn: str
    server: Postgres
    created: float
    settings: Document
    master: str
    database: str | None
    ready: float
    broken: bool = False
    secret: Document | None = None
    deleted: float | None = None
    resource_id: str = field(default_factory=lambda: f"db-{uuid.uuid4().hex[:26].upper()}")
    final_snapshot: str = ""

    @property
    def is_protected(self) -> bool:
        """Whether it cannot be deleted."""
        return bool(self.settings.get("DeletionProtection"))

    def is_gone(self, now: float) -> bool:
        """Whether its deletion has ended."""
        return self.deleted is not None and now >= self.deleted + DELETE_SECONDS

    def status(self, now: float, *, backing_up: bool = False) -> str:
        """Return its DBInstanceStatus."""
        if self.deleted is not None:
            return "deleting"
        if now < self.ready:
            return "creating"
        if self.broken:
            return "incompatible-restore"
        return "backing-up" if backing_up else "available"

    def latest_restorable_time(self, now: float) -> float | None:
        """Return the last moment that it can be restored to; None when it has no backups."""
        if not self.settings["BackupRetentionPeriod"] or now < self.ready or self.broken:
            return None
        return latest_restorable_time(self.created, now)

    def describe(self, now: float, *, backing_up: bool = False) -> Document:
        """Return it as DescribeDBInstances shows it."""
        endpoint = {"Address": self.server.address, "Port": self.server.port, "HostedZoneId": "Z0LOCAL"}
        described: Document = self.settings | {
            "DBInstanceIdentifier": self.name,
            "DBInstanceArn": self.arn,
            "DbiResourceId": self.resource_id,
            "DBInstanceStatus": self.status(now, backing_up=backing_up),
            "InstanceCreateTime": self.created,
            "Engine": "postgres",
            "EngineVersion": str(self.server.version),
            "MasterUsername": self.master,
            "MasterUserSecret": self.secret,
            "DBName": self.database,
            # As on AWS there is none before the instance is ready.
            "Endpoint": endpoint if now >= self.ready and not self.broken else None,
            "LatestRestorableTime": self.latest_restorable_time(now),
        }
        return {name: value for name, value in described.items() if value is not None}


def latest_restorable_time(created: float, now: float) -> float:
    """Return the last moment that an instance can be restored to: that of the last upload of its transaction log.

    Args:
        created: When the instance was created, in seconds since the epoch.
        now: The present time.

    Example:
        >>> latest_restorable_time(created=1000, now=1000 + 740)
        1600.0
    """
    return created + (now - created) // LOG_UPLOAD_SECONDS * LOG_UPLOAD_SECONDS
