"""What a release makes of what the runner told. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import messages
from .ledger import Mode, State
from .result import Outcome, Result

_BAD: Mapping[Outcome, Callable[[Result], str]] = {
    Outcome.REFUSED: messages.refused,
    Outcome.FAILED: messages.failed,
    Outcome.DIRTY: messages.failed,
    Outcome.FENCED_OFF: messages.failed,
}


@dataclass(frozen=True)
class Protect:
    """Revisions are pending and may run: make a restore point, then migrate."""


@dataclass(frozen=True, kw_only=True)
class End:
    """The run is over.

    Args:
        passed: Whether the release may go on.
        outcome: How it ended.
        message: Why, in one line.
    """

    passed: bool
    outcome: Outcome
    message: str


def after_plan(mode: Mode, result: Result, known: State | None) -> Protect | End:
    """Decide what follows a plan; a creation that met a schema of Alembic's has told one as well.

    A way back is never blocked: an image that is older than the schema passes when the ledger says that it works with
    it.

    Args:
        mode: What the run is for.
        result: What the plan told.
        known: What the ledger says of the database; None when it does not know it.

    Returns:
        `Protect` or `End`.

    Example:
        >>> after_plan(Mode.RUN, Result(command="plan", outcome=Outcome.PENDING, before=("a1",), heads=("b2",)), None)
        Protect()
        >>> after_plan(Mode.RUN, Result(command="plan", outcome=Outcome.NOTHING_PENDING, before=("a1",)), None).message
        'nothing is pending; the database is at a1'
    """
    if result.outcome is Outcome.PENDING and mode is not Mode.PLAN:
        return Protect()
    if result.outcome is Outcome.AHEAD and known is not None and known.works_with(result.heads):
        return _end(result, messages.ahead_and_compatible(result), passed=True)
    if result.outcome is Outcome.AHEAD:
        return _end(result, messages.ahead(result, known), passed=False)
    return _ended(result, {Outcome.NOTHING_PENDING: messages.nothing_pending, Outcome.PENDING: messages.pending})


def after_migration(result: Result) -> End:
    """Decide what follows a migration, a creation or a downgrade: it is over in any case.

    Args:
        result: What the runner told.

    Returns:
        `End`.

    Example:
        >>> after_migration(Result(command="run", outcome=Outcome.MIGRATED, before=("a1",), after=("b2",))).message
        'migrated from a1 to b2'
    """
    if result.outcome is Outcome.AHEAD:
        return _end(result, messages.ahead(result, None), passed=False)
    return _ended(result, {Outcome.NOTHING_PENDING: messages.nothing_pending, Outcome.MIGRATED: messages.migrated})


def _ended(result: Result, good: Mapping[Outcome, Callable[[Result], str]]) -> End:
    """End with a result that is one of the good ends of its command, a bad one, or none that it can come to."""
    if result.outcome in good:
        return _end(result, good[result.outcome](result), passed=True)
    if result.outcome in _BAD:
        return _end(result, _BAD[result.outcome](result), passed=False)
    return End(passed=False, outcome=Outcome.FAILED, message=messages.unexpected(result))


def _end(result: Result, message: str, *, passed: bool) -> End:
    return End(passed=passed, outcome=result.outcome, message=message)
