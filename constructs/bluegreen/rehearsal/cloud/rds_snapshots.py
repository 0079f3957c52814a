"""Manual snapshots of RDS instances, as records of the control plane: nothing is copied, nothing can be restored."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .api import ApiError, Document
from .clock import Clock

SNAPSHOT_FAILS = "snapshot-fails"
FAULTS = frozenset({SNAPSHOT_FAILS})
"""The faults that are played here."""

SNAPSHOT_SECONDS = 180.0
"""How long a snapshot is `creating`, in cloud time; on AWS it depends on how much changed since the last one."""

LOG_UPLOAD_SECONDS = 300.0
"""How often RDS uploads an instance's transaction log: a restore to a point in time ends at the last upload."""

_IDENTIFIER = re.compile(r"[a-zA-Z](-?[a-zA-Z0-9]){0,254}")


@dataclass
class Snapshot:
    """One snapshot: the instance's record when it was asked for, and how it ends."""

    name: str
    arn: str
    instance: Document
    created: float
    fails: bool
    tags: list[Document] = field(default_factory=list)

    def status(self, now: float) -> str:
        """Return creating, and after `SNAPSHOT_SECONDS` available or failed."""
        if now < self.created + SNAPSHOT_SECONDS:
            return "creating"
        return "failed" if self.fails else "available"

    def describe(self, now: float) -> Document:
        """Return it as DescribeDBSnapshots shows it."""
        kept = ("DBInstanceIdentifier", "DbiResourceId", "Engine", "EngineVersion", "MasterUsername", "StorageType")
        return {key: self.instance[key] for key in kept if key in self.instance} | {
            "DBSnapshotIdentifier": self.name,
            "DBSnapshotArn": self.arn,
            "SnapshotType": "manual",
            "Status": self.status(now),
            "PercentProgress": min(100, int((now - self.created) / SNAPSHOT_SECONDS * 100)),
            "SnapshotCreateTime": self.created,
            "OriginalSnapshotCreateTime": self.created,
            "AllocatedStorage": self.instance.get("AllocatedStorage", 0),
            "Encrypted": self.instance.get("StorageEncrypted", False),
            "Port": self.instance["Endpoint"]["Port"],
            "TagList": self.tags,
        }


class Snapshots:
    """The operations on snapshots; a deleted instance's snapshots stay, as manual ones do.

    Args:
        clock: The cloud's time.
        arn: What their ARNs begin with.
        instance: Returns an instance's record; raises DBInstanceNotFound.
    """

    def __init__(self, clock: Clock, arn: str, instance: Callable[[str], Document]) -> None:
        self._clock = clock
        self._arn = arn
        self._instance = instance
        self._snapshots: dict[str, Snapshot] = {}
        self._lock = threading.Lock()
        self._fail = False

    def create(self, request: Document) -> Document:
        """Begin a snapshot; its instance is backing-up until it ends.

        Raises:
            ApiError: InvalidParameterValue for a name that cannot be, DBSnapshotAlreadyExists, DBInstanceNotFound, or
                InvalidDBInstanceState while another snapshot of the instance is being created.
        """
        name = request["DBSnapshotIdentifier"].lower()
        if not _IDENTIFIER.fullmatch(name):
            message = f"The parameter DBSnapshotIdentifier is not a valid identifier: {request['DBSnapshotIdentifier']}"
            raise ApiError("InvalidParameterValue", f"{message}. It must begin with a letter.")
        with self._lock:
            if name in self._snapshots:
                raise ApiError("DBSnapshotAlreadyExists", f"Cannot create the snapshot because {name} already exists.")
            instance = self._instance(request["DBInstanceIdentifier"])
            identifier = instance["DBInstanceIdentifier"]
            if self.backs_up(identifier):
                message = f"Cannot create a snapshot because the database instance {identifier} is not currently in the"
                raise ApiError("InvalidDBInstanceState", f"{message} available state.")
            arn, tags = f"{self._arn}{name}", request.get("Tags", [])
            snapshot = Snapshot(name, arn, dict(instance), self._clock.now(), self._fail, tags)
            self._snapshots[name] = snapshot
        return {"DBSnapshot": snapshot.describe(self._clock.now())}

    def describe(self, request: Document) -> Document:
        """Describe the snapshots of an instance, the one that is named, or all.

        Raises:
            ApiError: DBSnapshotNotFound for a name that no snapshot has.
        """
        name, instance = request.get("DBSnapshotIdentifier"), request.get("DBInstanceIdentifier")
        if request.get("Filters"):
            raise ApiError("InvalidParameterValue", "the local cloud does not filter snapshots")
        found = [self._find(name)] if name else self._all()
        if request.get("SnapshotType") not in {None, "manual"}:
            found = []
        if instance:
            found = [one for one in found if one.instance["DBInstanceIdentifier"] == instance.lower()]
        now = self._clock.now()
        return {"DBSnapshots": [one.describe(now) for one in found]}

    def delete(self, request: Document) -> Document:
        """Delete a snapshot.

        Raises:
            ApiError: DBSnapshotNotFound; InvalidDBSnapshotState while it is being created.
        """
        snapshot = self._find(request["DBSnapshotIdentifier"])
        now = self._clock.now()
        if snapshot.status(now) == "creating":
            message = "Cannot delete the snapshot because it is not currently in the available or failed state."
            raise ApiError("InvalidDBSnapshotState", message)
        del self._snapshots[snapshot.name]
        return {"DBSnapshot": snapshot.describe(now) | {"Status": "deleted"}}

    def backs_up(self, instance: str) -> bool:
        """Whether a snapshot of an instance is being created."""
        now = self._clock.now()
        ours = [one for one in self._all() if one.instance["DBInstanceIdentifier"] == instance]
        return any(one.status(now) == "creating" for one in ours)

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault.

        Args:
            fault: `{"fault": "snapshot-fails"}`: snapshots begun from now on end as failed. `{"fault": null}` clears
                it.
        """
        self._fail = fault["fault"] == SNAPSHOT_FAILS

    def _all(self) -> list[Snapshot]:
        return list(self._snapshots.values())

    def _find(self, name: str) -> Snapshot:
        snapshot = self._snapshots.get(name.lower())
        if snapshot is None:
            raise ApiError("DBSnapshotNotFound", f"DBSnapshot {name} not found.", status=404)
        return snapshot


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
