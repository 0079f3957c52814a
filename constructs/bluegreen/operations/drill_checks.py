"""Is a database ready to be recovered? Each check is one line; all of them only read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bluegreen.release.recovery.objectives import Objectives
from bluegreen.release.recovery.record import Kind

from .drill_estate import Estate, Unknown
from .restore_plan import duration

OBJECTIVES = Objectives()
"""RTO an hour, RPO five minutes."""
_OLDEST_COPY = timedelta(hours=26)
_OLDEST_DRILL = timedelta(days=90)
_OLDEST_TEST = timedelta(days=8)
_OLDEST_PASSWORD = timedelta(days=90)


class Verdict(StrEnum):
    """What a check came to."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was checked.

    Args:
        name: What.
        verdict: How it is.
        said: What was seen, and what is required when that is not it.
    """

    name: str
    verdict: Verdict
    said: str


def latest_moment(estate: Estate) -> Check:
    """RDS can restore to a moment within the RPO."""
    name = "latest restorable moment"
    if not isinstance(estate.instance, Mapping):
        return _without(name, estate.instance, "the instance is gone: its automated backups may be kept")
    latest = estate.instance.get("LatestRestorableTime")
    if latest is None:
        return Check(name=name, verdict=Verdict.BAD, said="none: set how long backups are kept")
    age = estate.now - latest
    limit = timedelta(seconds=OBJECTIVES.recovery_point_seconds)
    # RDS uploads the log every five minutes, so the moment is nearly that old just before an upload.
    return _aged(name, age, 2 * limit, f"back to the last {estate.instance.get('BackupRetentionPeriod')} days")


def standby(estate: Estate) -> Check:
    """A standby in another zone takes over without any restore."""
    name = "standby in another zone"
    if not isinstance(estate.instance, Mapping):
        return _without(name, estate.instance, "the instance is gone")
    if estate.instance.get("MultiAZ"):
        return Check(name=name, verdict=Verdict.OK, said="takes over within about two minutes by itself")
    return Check(name=name, verdict=Verdict.BAD, said="none: the loss of a server takes a restore")


def last_drill(estate: Estate) -> Check:
    """A drill has succeeded lately."""
    return _last("last drill", estate, Kind.DRILL, _OLDEST_DRILL, "`bluegreen drill database --run` makes one")


def last_test(estate: Estate) -> Check:
    """A restore test of AWS Backup has succeeded lately."""
    return _last("last restore test", estate, Kind.RESTORE_TEST, _OLDEST_TEST, "AWS Backup makes them by its schedule")


def newest_copy(estate: Estate) -> Check:
    """Another region has a recent backup."""
    name = "newest copy in another region"
    if isinstance(estate.copies, Unknown):
        return _without(name, estate.copies, "")
    if not estate.copies:
        return Check(name=name, verdict=Verdict.BAD, said="none: give Backups a copy_to_region")
    newest = estate.copies[0]
    vault = str(newest.get("DestinationBackupVaultArn", "")).split(":")
    return _aged(name, estate.now - newest["CreationDate"], _OLDEST_COPY, f"in {vault[-1]}, {vault[3]}")


def replica(estate: Estate) -> Check:
    """Another region has the data of the last minutes: a replica, or replicated backups."""
    name = "data of the last minutes in another region"
    if not isinstance(estate.instance, Mapping):
        return _without(name, estate.instance, "the instance is gone: look for its replica in the other region")
    own = str(estate.instance["DBInstanceArn"]).split(":")[3]
    replicas = [one for one in estate.instance.get("ReadReplicaDBInstanceIdentifiers", ()) if one.startswith("arn:")]
    abroad = [one for one in replicas if one.split(":")[3] != own]
    backups = estate.instance.get("DBInstanceAutomatedBackupsReplications", ())
    found = [*abroad, *(one["DBInstanceAutomatedBackupsArn"] for one in backups)]
    if found:
        return Check(name=name, verdict=Verdict.OK, said=", ".join(found))
    return Check(name=name, verdict=Verdict.BAD, said="none: the newest copy is all that a lost region leaves")


def locked(estate: Estate) -> Check:
    """Nobody can delete the backups."""
    name = "backups locked"
    if isinstance(estate.vaults, Unknown):
        return _without(name, estate.vaults, "")
    if not estate.vaults:
        return Check(name=name, verdict=Verdict.BAD, said="no vault has a recovery point of this database yet")
    open_ones = [str(one["BackupVaultName"]) for one in estate.vaults if not one.get("Locked")]
    if open_ones:
        return Check(name=name, verdict=Verdict.BAD, said=f"{', '.join(open_ones)} has no lock: give Backups one")
    for_ever = all(one.get("LockDate") for one in estate.vaults)
    how = "and nobody can take the lock away" if for_ever else "until somebody with the permission takes the lock away"
    return Check(name=name, verdict=Verdict.OK, said=f"{len(estate.vaults)} vaults, {how}")


def master_password(estate: Estate) -> Check:
    """The master user's password was rotated lately."""
    name = "master password rotated"
    if not isinstance(estate.master_secret, Mapping):
        return _without(name, estate.master_secret, "RDS does not keep it: rotate it by hand")
    rotated = estate.master_secret.get("LastRotatedDate") or estate.master_secret.get("CreatedDate")
    if rotated is None:
        return Check(name=name, verdict=Verdict.UNKNOWN, said="Secrets Manager names no date")
    return _aged(name, estate.now - rotated, _OLDEST_PASSWORD, "by RDS")


def protected(estate: Estate) -> Check:
    """Nobody deletes the instance in passing."""
    name = "deletion protection"
    if not isinstance(estate.instance, Mapping):
        return _without(name, estate.instance, "the instance is gone")
    on = bool(estate.instance.get("DeletionProtection"))
    return Check(name=name, verdict=Verdict.OK if on else Verdict.BAD, said="on" if on else "off: set protected=True")


CHECKS: Mapping[str, Sequence[Callable[[Estate], Check]]] = {
    "database": (latest_moment, standby, last_drill, last_test),
    "region": (replica, newest_copy),
    "loss": (newest_copy, locked, protected, last_test),
    "breach": (locked, latest_moment, master_password),
}
"""What is checked for each scenario."""


def _aged(name: str, age: timedelta, limit: timedelta, said: str) -> Check:
    good = age <= limit
    required = "" if good else f"; at most {duration(limit)} is allowed"
    return Check(name=name, verdict=Verdict.OK if good else Verdict.BAD, said=f"{duration(age)} ago, {said}{required}")


def _last(name: str, estate: Estate, kind: Kind, limit: timedelta, how: str) -> Check:
    found = [one for one in estate.records if one.kind is kind and one.ended]
    if not found:
        return Check(name=name, verdict=Verdict.BAD, said=f"none yet: {how}")
    last = found[0]
    age = estate.now - datetime.fromisoformat(str(last.ended))
    if not last.passed:
        return Check(name=name, verdict=Verdict.BAD, said=f"failed {duration(age)} ago: {'; '.join(last.problems)}")
    reached = f"RTO {last.recovery_seconds:.0f} s, RPO {last.recovery_point_seconds:.0f} s"
    return _aged(name, age, limit, f"reached {reached}")


def _without(name: str, seen: object, otherwise: str) -> Check:
    if isinstance(seen, Unknown):
        return Check(name=name, verdict=Verdict.UNKNOWN, said=seen.why)
    return Check(name=name, verdict=Verdict.BAD, said=otherwise)
