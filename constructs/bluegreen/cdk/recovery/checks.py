"""What a restored database is looked at for, and what a recovery must reach."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bluegreen.release.recovery.objectives import Objectives

from .backup_rule import require_range

_TABLE = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?")
_COLUMN = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*){1,2}")


@dataclass(frozen=True, kw_only=True)
class RecoveryObjectives:
    """What every recovery must reach, or the drill fails.

    Args:
        recovery_time_minutes: RTO: until the data is proven usable, 1-1440 minutes.
        recovery_point_minutes: RPO: how much of the newest data may be missing, 1-1440 minutes. RDS uploads the
            transaction log every 5 minutes, so less cannot be reached by restoring.
        test_point_hours: The same for AWS Backup's recovery points, which its schedule makes, 1-744 hours.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> RecoveryObjectives().recovery_time_minutes
        60
    """

    recovery_time_minutes: int = 60
    recovery_point_minutes: int = 5
    test_point_hours: int = 26

    def __post_init__(self) -> None:
        require_range("recovery_time_minutes", self.recovery_time_minutes, 1, 1440)
        require_range("recovery_point_minutes", self.recovery_point_minutes, 1, 1440)
        require_range("test_point_hours", self.test_point_hours, 1, 744)


@dataclass(frozen=True, kw_only=True)
class DataChecks:
    """What is compared between the live database and a restored one.

    Args:
        tables: Whose rows are counted, as `table` or `schema.table`: every row is read, also of the live ones, so leave
            out what is too large for that. Every table that the check's user may read when omitted.
        newest: Timestamps whose greatest values are compared, as `table.column`: they say how much is missing, to the
            second. None when omitted; then the recovery point's age alone says it.
        least_percent: How many of the live rows each restored table must have, 1-100 percent.
        least_rows: How many rows a table must have whatever the live one has. Nothing when omitted.

    Raises:
        ValueError: If a name is none, or a value is out of range.

    Example:
        >>> DataChecks(tables=["orders"], newest=["orders.created_at"]).arguments()
        ['inspect', '--table', 'orders', '--newest', 'orders.created_at']
    """

    tables: Sequence[str] = ()
    newest: Sequence[str] = ()
    least_percent: int = 95
    least_rows: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _require_names("tables", self.tables, _TABLE, "table or schema.table")
        _require_names("least_rows", list(self.least_rows), _TABLE, "table or schema.table")
        _require_names("newest", self.newest, _COLUMN, "table.column or schema.table.column")
        self.objectives(RecoveryObjectives())
        if missing := sorted(self.least_rows.keys() - set(self.tables)) if self.tables else []:
            raise ValueError(f"least_rows must name tables that are counted, got {missing}; add them to tables")

    def arguments(self) -> list[str]:
        """Return the arguments of the command that looks."""
        tables = [word for name in self.tables for word in ("--table", name)]
        return ["inspect", *tables, *(word for name in self.newest for word in ("--newest", name))]

    def objectives(self, reached: RecoveryObjectives) -> Objectives:
        """Return them together with what must be reached, as the function judges by them."""
        return Objectives(
            recovery_time_seconds=60 * reached.recovery_time_minutes,
            recovery_point_seconds=60 * reached.recovery_point_minutes,
            least_percent=self.least_percent,
            least_rows=dict(self.least_rows),
        )


def _require_names(what: str, names: Sequence[str], pattern: re.Pattern[str], allowed: str) -> None:
    if isinstance(names, str):
        raise ValueError(f"{what} must be a list of names, got {names!r}")  # noqa: TRY004 - told like the rest
    for name in names:
        if not pattern.fullmatch(name):
            raise ValueError(f"{what} must be names such as {allowed}, got {name!r}")
