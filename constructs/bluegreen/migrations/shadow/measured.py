"""What one statement of a migration did, as it was measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

LOCKS = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
"""PostgreSQL's table locks, the weakest first."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One statement that a migration ran.

    Args:
        statement: Its text, as the driver got it.
        seconds: How long it took, in real seconds, on tables that are mostly empty.
        locks: The tables that were there before, and the strongest lock that this statement was the first to take on
            each; nothing for one outside a transaction, whose locks are gone when it ends.
        rewritten: Those of the tables whose file was replaced.
        defined: What was created, altered or dropped, also inside a block or a function.
    """

    statement: str
    seconds: float
    locks: Mapping[str, str] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    defined: tuple[str, ...] = ()

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` and JSON made of it."""
        return cls(
            **{**document, "rewritten": tuple(document["rewritten"]), "defined": tuple(document["defined"])},
        )


def strength(mode: str | None) -> int:
    """Return a lock's place among `LOCKS`; -1 for none.

    Example:
        >>> strength("ShareLock") < strength("AccessExclusiveLock")
        True
    """
    return LOCKS.index(mode) if mode in LOCKS else -1
