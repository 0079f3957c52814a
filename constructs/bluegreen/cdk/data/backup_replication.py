"""Backups of a database that another region has as well."""

import re
from dataclasses import dataclass

from aws_cdk import Token

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


@dataclass(frozen=True, kw_only=True)
class BackupReplication:
    """RDS sends backups and transaction logs to another region, for a restore there to any moment but the last minutes.

    Args:
        region: The other region.
        key_arn: The ARN of the key, in that region, that they are encrypted with there.
        days: How long they are kept there, 1-35 days.

    Raises:
        ValueError: If the region or the days are none that AWS has.

    Example:
        >>> key = "arn:aws:kms:eu-central-1:111122223333:key/3f1c"
        >>> BackupReplication(region="eu-central-1", key_arn=key).days
        7
    """

    region: str
    key_arn: str
    days: int = 7

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.region) and not _REGION.fullmatch(self.region):
            raise ValueError(f'region must be the name of an AWS region, such as "eu-central-1", got {self.region!r}')
        require_backup_days("days", self.days)


def require_backup_days(name: str, days: int) -> None:
    """Refuse a retention that RDS does not have, or none: without backups nothing can be restored."""
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= 35:  # noqa: PLR2004 - RDS's limits
        raise ValueError(f"{name} must be 1-35, got {days!r}")


def require_other_region(name: str, region: str, own: str) -> None:
    """Refuse a copy in the region of the original, which the loss of the region would take as well.

    Args:
        name: What the argument is called.
        region: The copy's region, when it is known at synth.
        own: The original's, when it is known at synth.

    Raises:
        ValueError: If both are known and the same.
    """
    if not Token.is_unresolved(region) and not Token.is_unresolved(own) and region == own:
        raise ValueError(f"{name} must be in another region than the original, got {region} for both")
