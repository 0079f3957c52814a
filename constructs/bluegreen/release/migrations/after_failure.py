"""What becomes of a migrated schema when its release fails later. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from .ledger import AfterRelease, Mode, Record, State, position
from .result import Outcome


class AfterFailure(StrEnum):
    """What a service's author wants of the schema when a release fails after its migration.

    `KEEP` leaves it expanded: the version before works with it. `DOWNGRADE` takes the release's revisions back once the
    version before serves again, if all of them can be taken back and no row would be lost.
    """

    KEEP = "keep"
    DOWNGRADE = "downgrade"


@dataclass(frozen=True)
class Nothing:
    """The release migrated nothing, or this was decided before."""


@dataclass(frozen=True)
class Keep:
    """Keep the schema as it is, and say why."""

    why: str


@dataclass(frozen=True)
class AwaitRollback:
    """Take the schema back once the version before serves alone again: the rollback has succeeded."""


@dataclass(frozen=True)
class Downgrade:
    """Take the schema back to this revision now."""

    to: str


AfterFailureDecision = Nothing | Keep | AwaitRollback | Downgrade


def decide(record: Record | None, known: State | None, *, downgrades: bool, rolled_back: bool) -> AfterFailureDecision:
    """Decide about the schema of a release that failed.

    Keeping is right in every doubt: an expanded schema works with the version before, and a downgrade may lose what
    was written since.

    Args:
        record: The release's run; None when it had none.
        known: What the ledger says of the database.
        downgrades: Whether a downgrade is asked for.
        rolled_back: Whether the release's rollback has succeeded.

    Returns:
        One thing to do.

    Example:
        >>> expand = {"revision": "b2", "reversible": True}
        >>> record = Record(id="d-1", mode=Mode.RUN, version="v2", by="d-1", started="t", outcome="migrated",
        ...     before=("a1",), after=("b2",), revisions=(expand,))
        >>> state = State(revisions=("b2",), heads=("b2",), compatible_with=("a1", "b2"), run="d-1")
        >>> decide(record, state, downgrades=True, rolled_back=True)
        Downgrade(to='a1')
        >>> decide(record, state, downgrades=False, rolled_back=True)
        Keep(why='')
    """
    if record is None or record.mode is not Mode.RUN or record.outcome != Outcome.MIGRATED:
        return Nothing()
    if record.release not in {None, AfterRelease.AWAITS_ROLLBACK}:
        return Nothing()
    if not downgrades:
        return Keep("") if record.release is None else Nothing()
    why = _why_not(record, known)
    if why is not None:
        return Keep(why)
    if rolled_back:
        return Downgrade(record.before[0])
    return AwaitRollback() if record.release is None else Nothing()


def _why_not(record: Record, known: State | None) -> str | None:
    """Return why the schema cannot be taken back; None when it can."""
    if known is None or known.run != record.id:
        return "another run has changed the schema since"
    if len(record.before) != 1:
        return f"there is no single revision to go back to: it began at {position(record.before)}"
    hard = [str(one["revision"]) for one in record.revisions if not one.get("reversible")]
    return f"not reversible: {', '.join(hard)}" if hard else None
