"""What may be wrong with a migration while the version before it still serves, and how much that weighs."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Phase(StrEnum):
    """What a revision does to the version before it.

    `EXPAND` adds what that version need not know of. `CONTRACT` takes away what it may still use, and so belongs into
    a later release of its own.
    """

    EXPAND = "expand"
    CONTRACT = "contract"


class Grade(StrEnum):
    """How much a finding weighs: never passes, passes in a contract release, or is only told."""

    BLOCK = "block"
    CONTRACT = "contract"
    WARN = "warn"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing about one statement that somebody should know before it runs.

    Args:
        rule: The rule's name; overrides and grades are given by it.
        grade: How much it weighs.
        revision: The Alembic revision.
        statement: The statement, on one line, shortened.
        breaks: What goes wrong for the version that still serves, or for the data.
        rewrite: How to reach the same safely.
        lock: The strongest lock that it takes, and on what; empty when it takes none that hurts.
        override: The reason written in the revision for letting it pass; None when there is none.
    """

    rule: str
    grade: Grade
    revision: str
    statement: str
    breaks: str
    rewrite: str
    lock: str = ""
    override: str | None = None

    def blocks(self, phase: Phase) -> bool:
        """Return whether a release must not run the revision.

        Args:
            phase: `CONTRACT` when both the revision and the release are declared contract.

        Returns:
            Whether it blocks.
        """
        if self.override is not None or self.grade is Grade.WARN:
            return False
        return self.grade is Grade.BLOCK or phase is not Phase.CONTRACT

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote.

        Raises:
            ValueError: If a grade is unknown.
            TypeError: If a member is missing or unknown.
        """
        return cls(**{**document, "grade": Grade(document["grade"])})
