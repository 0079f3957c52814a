"""What the ledger keeps of a database: where its schema is, for which images that works, and every run."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from .findings import Finding, Phase
from .result import Outcome, Result, RevisionReport

MOST_FINDINGS = 20
MOST_REVISIONS = 200
"""What a record keeps at most: it travels through a state machine, which takes 256 kB."""


class Mode(StrEnum):
    """What a run is for."""

    RUN = "run"
    CREATE = "create"
    PLAN = "plan"
    DOWNGRADE = "downgrade"


class AfterRelease(StrEnum):
    """What became of a migration whose release failed later."""

    KEPT = "kept"
    AWAITS_ROLLBACK = "awaits-rollback"
    DOWNGRADING = "downgrading"
    DOWNGRADED = "downgraded"
    DOWNGRADE_FAILED = "downgrade-failed"


RUNNING = "running"
"""The outcome of a run that has not ended."""

NOT_BEGUN = "not-begun"
"""The outcome of a run that was to do nothing: its deployment is a rollback or is over, or the next release does it."""


def position(revisions: Iterable[str]) -> str:
    """Return a set of revisions as the ledger writes it: in one order, "base" when there is none.

    Example:
        >>> position(("b2", "a1")), position(())
        ('a1, b2', 'base')
    """
    return ", ".join(sorted(revisions)) or "base"


def downgrade_id(run: str) -> str:
    """Return the id of the run that takes another back: always the same, so that what comes twice is started once.

    Example:
        >>> downgrade_id("d-1") == downgrade_id("d-1"), len(downgrade_id("d-1"))
        (True, 22)
    """
    return f"downgrade-{hashlib.sha256(run.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, kw_only=True)
class RestorePoint:
    """To what a database can be brought back.

    Args:
        snapshot: The snapshot's identifier; None when none was asked for.
        snapshot_at: When it was taken, in ISO 8601.
        restorable_until: The latest time a point-in-time restore reached just before the migration, in ISO 8601; None
            when it was not asked for.
    """

    snapshot: str | None = None
    snapshot_at: str | None = None
    restorable_until: str | None = None


@dataclass(frozen=True, kw_only=True)
class Record:
    """One run.

    Args:
        id: The deployment's id, or one made for it.
        mode: What it is for.
        version: The version that the stack asked for.
        by: Who asked: a deployment, CloudFormation, or whoever did it by hand.
        started: When, in ISO 8601.
        outcome: How it ended: an `Outcome`'s value, `RUNNING` or `NOT_BEGUN`.
        passed: Whether the release may go on; None while it runs.
        message: Why, in one line.
        before: Where the database was.
        after: Where it is.
        revisions: What was pending, and how it went.
        findings: Those that block or were overridden, and then a plan's warnings, as documents.
        image: The image that ran, with its digest when it is known.
        task_definition: The task definition that ran it; a downgrade runs from it.
        restore_point: What the database can be brought back to; None when nothing was migrated.
        ended: When it ended, in ISO 8601; None while it runs.
        release: What became of it when its release failed later; None when it did not.
        problems: What verification found.
        takes_back: For a downgrade after a failed release, the run that it takes back.
    """

    id: str
    mode: Mode
    version: str
    by: str
    started: str
    outcome: str = RUNNING
    passed: bool | None = None
    message: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    revisions: tuple[Mapping[str, Any], ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()
    image: str | None = None
    task_definition: str | None = None
    restore_point: RestorePoint | None = None
    ended: str | None = None
    release: AfterRelease | None = None
    problems: tuple[str, ...] = ()
    takes_back: str | None = None

    def with_result(self, result: Result) -> Self:
        """Return it with what the runner told: of a plan what is pending, of a run what was done.

        Warnings are kept only of a run that is a plan and nothing else, which was asked for to read them.
        """
        all_found = [finding for one in result.revisions for finding in one.findings]
        found = [one.to_dict() for one in all_found if _weighs(one)]
        if self.mode is Mode.PLAN:
            found += [one.to_dict() for one in all_found if not _weighs(one)]
        return replace(
            self,
            before=result.before,
            after=result.after,
            revisions=tuple(_told(one) for one in result.revisions[:MOST_REVISIONS]) or self.revisions,
            findings=tuple(found[:MOST_FINDINGS]) or self.findings,
            problems=result.problems,
        )

    def end(self, outcome: str, message: str, *, passed: bool, at: str) -> Self:
        """Return it as it ends."""
        return replace(self, outcome=outcome, message=message, passed=passed, ended=at)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it; members that a newer version wrote are left out."""
        known = {field.name for field in fields(cls)}
        given = {name: value for name, value in document.items() if name in known}
        lists = ("before", "after", "revisions", "findings", "problems")
        given |= {name: tuple(given[name]) for name in lists if name in given}
        if given.get("restore_point"):
            given["restore_point"] = RestorePoint(**given["restore_point"])
        if given.get("release"):
            given["release"] = AfterRelease(given["release"])
        return cls(**{**given, "mode": Mode(given["mode"])})


@dataclass(frozen=True, kw_only=True)
class State:
    """Where a database's schema is.

    Args:
        revisions: Its Alembic revisions.
        heads: The heads of the image that a run brought or was to bring it to.
        compatible_with: The positions whose images work with this schema, so that none of them blocks a way back.
        run: The run that changed it last, or was the first to see it.
        task_definition: What that run ran from.
        image: The image that it ran.
        dirty: What is half done; None when it is clean.
    """

    revisions: tuple[str, ...]
    heads: tuple[str, ...]
    compatible_with: tuple[str, ...]
    run: str
    task_definition: str | None = None
    image: str | None = None
    dirty: str | None = None

    def works_with(self, heads: Iterable[str]) -> bool:
        """Return whether an image with these heads works although the schema is ahead of it."""
        return self.dirty is None and position(heads) in self.compatible_with

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` and JSON made of it."""
        lists = ("revisions", "heads", "compatible_with")
        return cls(**{**document, **{name: tuple(document[name]) for name in lists}})


def compatible_before(known: State | None, result: Result) -> tuple[str, ...]:
    """Return the positions whose images work with a database as a plan found it.

    What somebody migrated by hand may have broken any image: then only one at the very position is known to work.

    Args:
        known: What the ledger says; None when it does not know the database.
        result: What the runner told.
    """
    here = position(result.before)
    if known is None or here not in {position(known.revisions), position(known.heads)}:
        return (here,)
    return _together(known.compatible_with, (here,))


def compatible_after(before: Iterable[str], result: Result, revisions: Iterable[RevisionReport]) -> tuple[str, ...]:
    """Return the positions whose images work after these revisions: all that did, unless one of them contracts.

    Args:
        before: The positions whose images worked before.
        result: What the runner told.
        revisions: What is applied, in its order; for a downgrade, what is taken back.
    """
    applied = list(revisions)
    if result.command == Mode.DOWNGRADE:
        gone = {one.revision for one in applied}
        return _together((one for one in before if not gone & set(one.split(", "))), (position(result.after),))
    works: tuple[str, ...] = tuple(before)
    for one in applied:
        works = () if one.phase is Phase.CONTRACT else works
        works = _together(works, (one.revision,))
    complete = result.outcome is Outcome.PENDING or set(result.after) == set(result.heads)
    return _together(works, (position(result.heads),) if complete else ())


def _together(known: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))


def _weighs(finding: Finding) -> bool:
    return finding.override is not None or finding.blocks(Phase.EXPAND)


def _told(one: RevisionReport) -> dict[str, Any]:
    return {
        "revision": one.revision,
        "message": one.message,
        "phase": one.phase,
        "transactional": one.transactional,
        "reversible": one.reversible,
        "overrides": {finding.rule: finding.override for finding in one.findings if finding.override is not None},
        "seconds": one.seconds,
        "attempts": one.attempts,
    }
