"""New instances with the data of another one, from a snapshot or as it was at the latest moment."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bluegreen.rehearsal.cloud.api import ApiError, Document
from bluegreen.rehearsal.cloud.clock import Clock

from . import settings
from .instance import LOG_UPLOAD_SECONDS, Instance
from .snapshots import Snapshots

if TYPE_CHECKING:
    from .service import Rds

RESTORE_FAILS = "restore-fails"
FAULTS = frozenset({RESTORE_FAILS})
"""The faults that are played here."""

_NOT_INHERITED = frozenset(
    {
        "DBParameterGroups",
        "DBSubnetGroup",
        "DeletionProtection",
        "MultiAZ",
        "OptionGroupMemberships",
        "PubliclyAccessible",
        "TagList",
        "VpcSecurityGroups",
    }
)
"""What a restored instance has only when the request says so: otherwise the default of the region or of the VPC."""


@dataclass(frozen=True)
class Original:
    """Whose data a restored instance has.

    Args:
        instance: It as it was when the data were copied.
        copy: The data.
    """

    instance: Instance
    copy: Path

    def settings(self, asked: Document) -> Document:
        """Return the settings of the restored instance: those of the original unless the request has others."""
        of_original = self.instance.settings.items()
        inherited = {name: value for name, value in of_original if name not in _NOT_INHERITED}
        plain = {"DeletionProtection": False, "MultiAZ": False, "PubliclyAccessible": False}
        return inherited | plain | settings.shown(asked)


class Restores:
    """The operations that restore.

    Args:
        clock: The cloud's time.
        rds: Where the instances are.
        snapshots: Where the snapshots are.
    """

    def __init__(self, clock: Clock, rds: "Rds", snapshots: Snapshots) -> None:
        self._clock = clock
        self._rds = rds
        self._snapshots = snapshots
        self._fail = False

    def to_point_in_time(self, request: Document) -> Document:
        """Restore an instance to the latest moment that it can be restored to.

        Raises:
            ApiError: DBInstanceNotFound, PointInTimeRestoreNotEnabled without backups, DBInstanceAlreadyExists, or
                InvalidParameterCombination or InvalidParameterValue for another moment than the latest one.
        """
        source = self._rds.instance(request.get("SourceDBInstanceIdentifier", ""))
        self._check_moment(source, request)
        self._rds.check_new(request["TargetDBInstanceIdentifier"].lower())
        with source.server.copied() as copy:
            return self._restored(request["TargetDBInstanceIdentifier"], Original(source, copy), request)

    def from_snapshot(self, request: Document) -> Document:
        """Make an instance from a snapshot.

        Raises:
            ApiError: DBSnapshotNotFound, InvalidDBSnapshotState unless it is available, or DBInstanceAlreadyExists.
        """
        snapshot = self._snapshots.restorable(request.get("DBSnapshotIdentifier", ""))
        original = Original(snapshot.instance, snapshot.copy)
        return self._restored(request["DBInstanceIdentifier"], original, request)

    def inject(self, fault: Document) -> None:
        """Inject or clear a fault.

        Args:
            fault: `{"fault": "restore-fails"}`: instances that are restored from now on end as incompatible-restore.
                `{"fault": null}` clears it.
        """
        self._fail = fault["fault"] == RESTORE_FAILS

    def _restored(self, name: str, original: Original, request: Document) -> Document:
        instance = self._rds.add_restored(name.lower(), original, request, broken=self._fail)
        return {"DBInstance": self._rds.described(instance)}

    def _check_moment(self, source: Instance, request: Document) -> None:
        now = self._clock.now()
        if source.status(now) != "available":
            message = f"Instance {source.name} is not in the available state."
            raise ApiError("InvalidDBInstanceState", message)
        latest = source.latest_restorable_time(now)
        if latest is None:
            message = f"Point In Time Restore is not enabled for {source.name}: its backup retention period is 0."
            raise ApiError("PointInTimeRestoreNotEnabled", message)
        moment = request.get("RestoreTime")
        if (moment is not None) == bool(request.get("UseLatestRestorableTime")):
            message = "Specify either RestoreTime or UseLatestRestorableTime."
            raise ApiError("InvalidParameterCombination", message)
        if moment is not None and moment.timestamp() > latest:
            message = f"The specified time {moment} is after the latest restorable time of {source.name}."
            raise ApiError("InvalidParameterValue", message)
        if moment is not None and moment.timestamp() < latest - LOG_UPLOAD_SECONDS:
            message = f"the local cloud restores {source.name} only to its latest restorable time, got {moment}"
            raise ApiError("InvalidParameterValue", message)
