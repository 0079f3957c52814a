"""What a recovery must reach."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self


@dataclass(frozen=True, kw_only=True)
class Objectives:
    """How fast, how fresh and how complete a restored database must be.

    Args:
        recovery_time_seconds: RTO: the longest from the beginning of a recovery until the data is proven usable.
        recovery_point_seconds: RPO: the longest stretch of the newest data that may be missing.
        least_percent: How many of the live table's rows each restored one must have, 1-100 percent. Rows that users
            delete meanwhile, and those of the recovery point's age, are why it may be less than 100.
        least_rows: How many rows a table must have whatever the live one has, by its name.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> Objectives().recovery_time_seconds, Objectives().recovery_point_seconds
        (3600, 300)
    """

    recovery_time_seconds: int = 3600
    recovery_point_seconds: int = 300
    least_percent: int = 95
    least_rows: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, high in (("recovery_time_seconds", 86_400), ("recovery_point_seconds", 31 * 86_400)):
            _require(name, getattr(self, name), 60, high)
        _require("least_percent", self.least_percent, 1, 100)
        for table, rows in self.least_rows.items():
            _require(f"least_rows[{table!r}]", rows, 0, 2**53)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        return cls(**document)


def _require(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be {low}-{high}, got {value!r}")
