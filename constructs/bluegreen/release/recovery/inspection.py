"""What the command in the image tells of a database: one line of its log, which the drill's function reads."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

_KEY = "bluegreen-inspection"


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What was found in a database at one moment.

    Args:
        error: Why nothing was found, with the database's own words, never a row's value or a secret; empty when all was
            read.
        revisions: Alembic's revisions; none when it never ran.
        rows: How many rows each table has, by its name.
        newest: The greatest value of each timestamp that was asked for, by `table.column`, in seconds since the epoch;
            None when the table is empty.
        seconds: How long all of it took.
    """

    error: str = ""
    revisions: tuple[str, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    newest: Mapping[str, float | None] = field(default_factory=dict)
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON document."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        return cls(**{**document, "revisions": tuple(document["revisions"])})

    def to_line(self) -> str:
        """Return the line to print."""
        return json.dumps({_KEY: self.to_dict()}, separators=(",", ":"))


def last_in(lines: Iterable[str]) -> Inspection | None:
    """Return the last inspection among a task's log lines; None when it ended without one.

    Example:
        >>> last_in(["starting", Inspection(rows={"orders": 3}).to_line(), "done"]).rows
        {'orders': 3}
        >>> last_in(["{}", '{"bluegreen-inspection": 5}'])
    """
    found = None
    for line in lines:
        try:
            found = Inspection.from_dict(json.loads(line)[_KEY])
        except (ValueError, TypeError, KeyError):
            continue
    return found
