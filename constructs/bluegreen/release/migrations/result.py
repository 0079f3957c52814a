"""What the runner in the image tells: one line of its log, which the release's function reads."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from .findings import Finding, Phase

_KEY = "bluegreen-migrations"
LONGEST_LINE_BYTES = 200_000
"""CloudWatch Logs takes 256 kB an event."""


class Outcome(StrEnum):
    """How a command of the runner ended."""

    NOTHING_PENDING = "nothing-pending"  # the database is at the image's heads, and clean
    PENDING = "pending"  # plan: revisions are pending, and none is refused
    REFUSED = "refused"  # findings, a phase, rows that would be lost, or a schema that Alembic does not know
    AHEAD = "ahead"  # the database has a revision that the image does not know
    MIGRATED = "migrated"  # run, create, downgrade: done and verified
    FAILED = "failed"  # the database is as it was, or after earlier revisions that went through whole
    DIRTY = "dirty"  # a revision outside any transaction failed half-way, or verification found damage
    FENCED_OFF = "fenced-off"  # another runner holds a newer token; nothing was committed


@dataclass(frozen=True, kw_only=True)
class RevisionReport:
    """One revision, pending or applied.

    Args:
        revision: Its Alembic id.
        down_revisions: The ids that it builds on; none for the first.
        message: The first line of its docstring.
        phase: What it declares; `EXPAND` when it declares nothing.
        transactional: Whether it runs in a transaction; one with an autocommit block does not.
        reversible: Whether its downgrade does something, judged by its syntax tree.
        sql: What it runs, shortened; empty when it cannot be rendered without a database.
        findings: What the gate says of it.
        seconds: How long it took, in real seconds; None when it did not run.
        attempts: How often it was begun: more than once when it had to wait for a lock.
    """

    revision: str
    down_revisions: tuple[str, ...] = ()
    message: str = ""
    phase: Phase = Phase.EXPAND
    transactional: bool = True
    reversible: bool = False
    sql: str = ""
    findings: tuple[Finding, ...] = ()
    seconds: float | None = None
    attempts: int = 0

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` and JSON made of it."""
        return cls(
            **{
                **document,
                "phase": Phase(document["phase"]),
                "down_revisions": tuple(document["down_revisions"]),
                "findings": tuple(Finding.from_dict(one) for one in document["findings"]),
            }
        )


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one command found and did.

    Args:
        command: plan, create, run or downgrade.
        outcome: How it ended.
        before: The database's revisions when it began; none for an empty database.
        after: The database's revisions when it ended.
        heads: The image's heads.
        revisions: Pending ones (plan), applied ones in their order (run, create), or those taken back (downgrade).
        failed_revision: The one that failed, or was refused.
        message: Why, with the database's own words, never with a value of a row or a secret; empty when all is well.
        problems: What verification found: invalid indexes, constraints not validated, wrong owners, model drift.
        seconds: How long all of it took, in real seconds.
    """

    command: str
    outcome: Outcome
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    heads: tuple[str, ...] = ()
    revisions: tuple[RevisionReport, ...] = ()
    failed_revision: str | None = None
    message: str = ""
    problems: tuple[str, ...] = ()
    seconds: float = 0.0

    def to_line(self) -> str:
        """Return the line to print: JSON, without the SQL when it would be too long for a log."""
        line = self._line(asdict(self))
        if len(line.encode()) <= LONGEST_LINE_BYTES:
            return line
        return self._line(asdict(self) | {"revisions": [asdict(one) | {"sql": ""} for one in self.revisions]})

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `dataclasses.asdict` and JSON made of it."""
        texts = ("before", "after", "heads", "problems")
        return cls(
            **{
                **document,
                **{name: tuple(document[name]) for name in texts},
                "outcome": Outcome(document["outcome"]),
                "revisions": tuple(RevisionReport.from_dict(one) for one in document["revisions"]),
            }
        )

    @staticmethod
    def _line(document: Mapping[str, Any]) -> str:
        return json.dumps({_KEY: document}, separators=(",", ":"))


def last_in(lines: Iterable[str]) -> Result | None:
    """Return the last result among a task's log lines; None when the runner ended without one.

    Example:
        >>> last_in(["starting", Result(command="plan", outcome=Outcome.AHEAD).to_line(), "done"]).outcome.value
        'ahead'
        >>> last_in(["{}", '{"bluegreen-migrations": 5}'])
    """
    found = None
    for line in lines:
        try:
            document = json.loads(line)
            found = Result.from_dict(document[_KEY])
        except (ValueError, TypeError, KeyError):
            continue
    return found
