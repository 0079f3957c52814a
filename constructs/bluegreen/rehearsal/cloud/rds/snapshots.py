"""Manual snapshots of RDS instances; each holds the data of the moment at which it was asked for."""

import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock

from .instance import Instance

SNAPSHOT_FAILS = "snapshot-fails"
FAULTS = frozenset({SNAPSHOT_FAILS})
"""The faults that are played here."""

SNAPSHOT_SECONDS = 180.0
"""How long a snapshot is `creating`, in cloud time; on AWS it depends on how much changed since the last one."""

_IDENTIFIER = re.compile(r"[a-zA-Z](-?[a-zA-Z0-9]){0,254}")


@dataclass
class Snapshot:
    """One snapshot: what its instance was when it was asked for, and how it ends.

    Args:
        name: Its identifier.
        arn: Its ARN.
        instance: The instance as it was.
        copy: The folder with its data.
        created: When it was asked for, in cloud time.
        fails: Whether it ends as failed.
        tags: Its tags.
    """

    name: str
    arn: str
    instance: Instance
    copy: Path
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
        instance, kept = self.instance, ("AvailabilityZone", "Iops", "KmsKeyId", "OptionGroupName", "StorageType")
        return {key: instance.settings[key] for key in kept if key in instance.settings} | {
            "DBInstanceIdentifier": instance.name,
            "DbiResourceId": instance.resource_id,
            "Engine": "postgres",
            "EngineVersion": str(instance.server.version),
            "MasterUsername": instance.master,
            "DBSnapshotIdentifier": self.name,
            "DBSnapshotArn": self.arn,
            "SnapshotType": "manual",
            "Status": self.status(now),
            "PercentProgress": min(100, int((now - self.created) / SNAPSHOT_SECONDS * 100)),
            "SnapshotCreateTime": self.created,
            "OriginalSnapshotCreateTime": self.created,
            "AllocatedStorage": instance.settings.get("AllocatedStorage", 0),
            "Encrypted": instance.settings.get("StorageEncrypted", False),
            "Port": instance.server.port,
            "TagList": self.tags,
        }


class Snapshots:
    """The operations on snapshots; a deleted instance's snapshots stay, as manual ones do.

    Args:
        clock: The cloud's time.
        arn: What their ARNs begin with.
        instance: Returns an instance; raises DBInstanceNotFound.
        folder: Where their data go.
    """

    def __init__(self, clock: Clock, arn: str, instance: Callable[[str], Instance], folder: Path) -> None:
        self._clock = clock
        self._arn = arn
        self._instance = instance
        self._folder = folder
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
            instance, now = self._instance(request["DBInstanceIdentifier"]), self._clock.now()
            if instance.status(now, backing_up=self.backs_up(instance.name)) != "available":
                message = f"Cannot create a snapshot because the database instance {instance.name} is not currently in"
                raise ApiError("InvalidDBInstanceState", f"{message} the available state.")
            snapshot = Snapshot(
                name,
                arn=f"{self._arn}{name}",
                instance=replace(instance, settings=dict(instance.settings)),
                copy=self._copied(instance, name),
                created=now,
                fails=self._fail,
                tags=request.get("Tags", []),
            )
            self._snapshots[name] = snapshot
        return {"DBSnapshot": snapshot.describe(self._clock.now())}

    def restorable(self, name: str) -> Snapshot:
        """Return a snapshot that an instance can be made from.

        Raises:
            ApiError: DBSnapshotNotFound; InvalidDBSnapshotState unless it is available.
        """
        snapshot = self._find(name.rpartition(":")[2])
        if snapshot.status(self._clock.now()) != "available":
            message = f"Cannot restore from {snapshot.name} because it is not currently in the available state."
            raise ApiError("InvalidDBSnapshotState", message)
        return snapshot

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
            found = [one for one in found if one.instance.name == instance.lower()]
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
        shutil.rmtree(snapshot.copy, ignore_errors=True)
        return {"DBSnapshot": snapshot.describe(now) | {"Status": "deleted"}}

    def backs_up(self, instance: str) -> bool:
        """Whether a snapshot of an instance is being created."""
        now = self._clock.now()
        ours = [one for one in self._all() if one.instance.name == instance]
        return any(one.status(now) == "creating" for one in ours)

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault.

        Args:
            fault: `{"fault": "snapshot-fails"}`: snapshots begun from now on end as failed. `{"fault": null}` clears
                it.
        """
        self._fail = fault["fault"] == SNAPSHOT_FAILS

    def stop(self) -> None:
        """Delete all data. Idempotent."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _copied(self, instance: Instance, name: str) -> Path:
        self._folder.mkdir(exist_ok=True)
        copy = self._folder / f"{name}-{self._clock.now():.6f}"
        instance.server.copy_to(copy)
        return copy

    def _all(self) -> list[Snapshot]:
        return list(self._snapshots.values())

    def _find(self, name: str) -> Snapshot:
        snapshot = self._snapshots.get(name.lower())
        if snapshot is None:
            raise ApiError("DBSnapshotNotFound", f"DBSnapshot {name} not found.", status=404)
        return snapshot
