"""When a backup is made and how long it is kept, and what keeps anybody from deleting it before."""

import re
from dataclasses import dataclass, replace
from typing import Self

_LONGEST_KEPT_DAYS = 36500
_LONGEST_CONTINUOUS_DAYS = 35
_SHORTEST_CHANGEABLE_DAYS = 3
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,50}")
_SCHEDULE = re.compile(r"(cron|rate)\([^()]+\)")


@dataclass(frozen=True, kw_only=True)
class BackupRule:
    """One rule of a backup plan.

    Args:
        name: 1-50 letters, digits, `_`, `.` and `-`; once in a plan.
        schedule: When, in UTC, as EventBridge writes it: `cron(0 3 * * ? *)`.
        keep_days: After which AWS deletes the backup, 1-36500 days; 1-35 for a continuous one.
        start_within_minutes: How late it may begin, at least 60 minutes.
        done_within_minutes: After which one that has not ended counts as failed; at least an hour more than
            `start_within_minutes`.
        copy: Whether it is also copied to the plan's second region, when the plan has one.
        continuous: Whether AWS Backup also keeps the transaction log, so that any moment can be restored. RDS keeps it
            by itself for as long as the instance's own backups are kept, and AWS Backup would take that setting over
            from the template, so leave it out for a `Database`.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> BackupRule.daily().keep_days, BackupRule.monthly(keep_days=400).name
        (35, 'monthly')
    """

    name: str
    schedule: str
    keep_days: int
    start_within_minutes: int = 60
    done_within_minutes: int = 360
    copy: bool = True
    continuous: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name must be 1-50 letters, digits, '_', '.' and '-', got {self.name!r}")
        if not _SCHEDULE.fullmatch(self.schedule):
            raise ValueError(f"schedule must be cron(…) or rate(…), got {self.schedule!r}")
        limit = _LONGEST_CONTINUOUS_DAYS if self.continuous else _LONGEST_KEPT_DAYS
        require_range(f"keep_days of {self.name}", self.keep_days, 1, limit)
        require_range(f"start_within_minutes of {self.name}", self.start_within_minutes, 60, 10080)
        least = self.start_within_minutes + 60
        require_range(f"done_within_minutes of {self.name}", self.done_within_minutes, least, 10080)

    @classmethod
    def daily(cls, *, keep_days: int = 35, hour: int = 5) -> Self:
        """Every day at an hour, 0-23 UTC."""
        return cls(name="daily", schedule=f"cron(0 {_hour(hour)} * * ? *)", keep_days=keep_days)

    @classmethod
    def weekly(cls, *, keep_days: int = 90, hour: int = 6) -> Self:
        """Every Sunday at an hour, 0-23 UTC."""
        return cls(name="weekly", schedule=f"cron(0 {_hour(hour)} ? * SUN *)", keep_days=keep_days)

    @classmethod
    def monthly(cls, *, keep_days: int = 365, hour: int = 7) -> Self:
        """Every first of a month at an hour, 0-23 UTC."""
        return cls(name="monthly", schedule=f"cron(0 {_hour(hour)} 1 * ? *)", keep_days=keep_days)

    def not_copied(self) -> Self:
        """Return the same rule for backups that stay in their region."""
        return replace(self, copy=False)


@dataclass(frozen=True, kw_only=True)
class VaultLock:
    """What keeps everybody from deleting a backup before its time.

    Args:
        min_days: No backup may be kept shorter, 1-36500 days.
        max_days: No backup may be kept longer, `min_days`-36500 days.
        changeable_for_days: After so many days nobody, not even AWS, can take the lock away, 3-36500 days. None for a
            lock that somebody with the permission can take away.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> VaultLock.governance(min_days=7, max_days=365).changeable_for_days is None
        True
    """

    min_days: int
    max_days: int
    changeable_for_days: int | None

    def __post_init__(self) -> None:
        require_range("min_days", self.min_days, 1, _LONGEST_KEPT_DAYS)
        require_range("max_days", self.max_days, self.min_days, _LONGEST_KEPT_DAYS)
        if self.changeable_for_days is not None:
            days = self.changeable_for_days
            require_range("changeable_for_days", days, _SHORTEST_CHANGEABLE_DAYS, _LONGEST_KEPT_DAYS)

    @classmethod
    def governance(cls, *, min_days: int, max_days: int) -> Self:
        """Return a lock that holds until somebody with `backup:DeleteBackupVaultLockConfiguration` takes it away."""
        return cls(min_days=min_days, max_days=max_days, changeable_for_days=None)

    @classmethod
    def compliance(cls, *, min_days: int, max_days: int, changeable_for_days: int = 3) -> Self:
        """Return a lock that is final after its days of grace: until the last backup is due, it is paid for."""
        return cls(min_days=min_days, max_days=max_days, changeable_for_days=changeable_for_days)

    def require_fits(self, rule: BackupRule) -> None:
        """Check that a rule's backups may go into the vault.

        Raises:
            ValueError: If they are kept too short or too long for the lock.
        """
        if not self.min_days <= rule.keep_days <= self.max_days:
            raise ValueError(
                f"keep_days of {rule.name} must be {self.min_days}-{self.max_days}, which the vault's lock allows, "
                f"got {rule.keep_days}; change one of both"
            )


def require_range(name: str, value: int, low: int, high: int) -> None:
    """Check a whole number.

    Raises:
        ValueError: If it is none, or out of range.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")


def _hour(hour: int) -> int:
    require_range("hour", hour, 0, 23)
    return hour
