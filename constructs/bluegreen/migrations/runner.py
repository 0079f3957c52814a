"""The runner's commands: from options to one result, whatever happens on the way."""

import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from bluegreen.release.migrations.findings import Finding, Phase
from bluegreen.release.migrations.result import Outcome, Result

from . import identities
from .adoption import adopt
from .downgrade import downgrade
from .environment import Visit, visit
from .errors import (
    DirtyError,
    FencedOffError,
    MigrationError,
    RefusedError,
    StoppedError,
    describe,
    is_timeout,
    without_secrets,
)
from .fence import held, read_mark
from .gate import judge
from .indexes import invalid_indexes
from .options import Options
from .progress import Progress
from .project import Project, RevisionSource, source_of
from .schema import is_empty, problems
from .stepping import patiently
from .timing import Deadline
from .upgrade import upgrade

T = TypeVar("T")


def execute(command: str, options: Options, *, ini: str | None = None, to: str | None = None) -> Result:
    """Run one command; nothing escapes but its result.

    Args:
        command: plan, create, run or downgrade.
        options: What it is told.
        ini: The Alembic configuration; found as `alembic` finds it when omitted.
        to: For a downgrade, the revision to go back to.

    Returns:
        The result, with the reason when it failed.
    """
    progress = Progress(command=command, deadline=Deadline(options.clock, options.deadline_seconds))
    try:
        runner = _Runner(Project.open(ini), options, progress)
        if command == "downgrade":
            return downgrade(runner.project, options, progress, to or "base")
        return {"plan": runner.plan, "create": runner.create, "run": runner.run}[command]()
    except RefusedError as error:
        return progress.result(Outcome.REFUSED, describe(error), failed=error.revision)
    except FencedOffError as error:
        return progress.result(Outcome.FENCED_OFF, describe(error), failed=progress.current)
    except BaseException as error:  # noqa: BLE001 - whatever it is, the release must learn of it
        return _failure(progress, error)


def _failure(progress: Progress, error: BaseException) -> Result:
    """Say what ended a command before its time."""
    half_done = isinstance(error, DirtyError) or progress.outside_transaction
    outcome = Outcome.DIRTY if half_done else Outcome.FAILED
    if isinstance(error, StoppedError | KeyboardInterrupt):
        message = "stopped: the task was told to end"
    elif is_timeout(error):
        message = f"stopped at the deadline, after {progress.deadline.elapsed():.0f} s: {describe(error)}"
    elif isinstance(error, MigrationError):
        message = describe(error)
    else:
        _print_traceback(error)
        message = describe(error) if progress.current or isinstance(error, DBAPIError) else f"env.py: {describe(error)}"
        if isinstance(error, DBAPIError) and not progress.connected:
            message = f"cannot connect to the database: {message}"
    if progress.current:
        done = "" if half_done else "; it was rolled back" if not isinstance(error, MigrationError) else ""
        message = f"revision {progress.current}: {message}{done}"
    return progress.result(outcome, message, failed=progress.current)


def _print_traceback(error: BaseException) -> None:
    """Print where it happened; not what SQLAlchemy says of it, which holds the parameters of the statement."""
    lines = ["Traceback (most recent call last):\n", *traceback.format_tb(error.__traceback__), describe(error), "\n"]
    sys.stderr.write(without_secrets("".join(lines)))


class _Runner:
    """The commands of one project on one database."""

    def __init__(self, project: Project, options: Options, progress: Progress) -> None:
        self.project = project
        self._options = options
        self._progress = progress
        self._invalid_before: frozenset[str] = frozenset()
        progress.heads = project.heads

    def plan(self) -> Result:
        """Look, and change nothing."""
        return visit(self.project, self._plan)

    def run(self) -> Result:
        """Run what is pending, unless the plan says no."""
        planned = self._patiently(self._begin)
        if planned.outcome in {Outcome.AHEAD, Outcome.REFUSED, Outcome.DIRTY}:
            return planned
        return self._upgrade(planned)

    def create(self) -> Result:
        """Run everything on an empty database; of one that Alembic knows say what a plan says.

        Nothing serves from it while its service is made, but it holds rows: what is pending needs a restore point.
        """
        if self._patiently(self._is_known):
            return self._patiently(self._plan_with_roles)
        planned = self._patiently(self._begin_creation)
        if planned.outcome is not Outcome.PENDING:
            return planned
        result = self._upgrade(planned)
        if result.outcome is Outcome.MIGRATED:
            self._patiently(lambda stay: self._set_creating(stay, creating=False))
        return result

    def _plan(self, stay: Visit) -> Result:
        progress = self._progress
        progress.connected = True
        progress.revisions.clear()
        with stay.reading() as connection:  # before the revisions: what another runner commits meanwhile has one
            mark, empty = read_mark(connection), is_empty(connection, stay.context.version_table)
        progress.before = progress.after = stay.revisions()
        empty = mark.creating or (empty and not progress.before)
        unknown = self.project.unknown(progress.before)
        if unknown:
            return progress.result(
                Outcome.AHEAD, f"the database has {', '.join(unknown)}, which this image does not know: it is older"
            )
        if not progress.before and not empty:
            raise RefusedError(
                "the database has tables, but no revision: Alembic never ran on it; run `alembic stamp` with the"
                " revision that its schema is at, or point env.py to the right database"
            )
        sources = [source_of(script) for script in self.project.pending(progress.before)]
        if not sources:
            progress.problems.extend(problems(stay, self._options.owner_role))
            return progress.result(Outcome.NOTHING_PENDING)
        if not empty:
            self._judge(sources)
        else:  # nothing serves from it yet, and there is no row: nothing can break
            progress.revisions.extend(source.report() for source in sources)
        message = (
            f"revision {mark.dirty_revision} was left half-done; the run repairs it" if mark.dirty_revision else ""
        )
        return progress.result(Outcome.PENDING, message)

    def _judge(self, sources: list[RevisionSource]) -> None:
        """Ask the gate; raise when one of them must not run in this release."""
        try:
            findings = judge(sources, self._options.grades)
        except ValueError as error:
            raise MigrationError(f"the changed grades: {error}") from error
        self._progress.revisions.extend(
            replace(source.report(), findings=tuple(findings.get(source.revision, ()))) for source in sources
        )
        for source in sources:
            if source.phase is Phase.CONTRACT and not self._options.contract:
                raise RefusedError(
                    f"revision {source.revision} is declared contract, and this release is not: it takes away what the"
                    " version that serves may still use; release it later, with AlembicMigrations(contract=...)",
                    source.revision,
                )
            phase = Phase.CONTRACT if source.phase is Phase.CONTRACT else Phase.EXPAND
            blocking = [one for one in findings.get(source.revision, ()) if one.blocks(phase)]
            if blocking:
                raise RefusedError(_refusal(source, blocking), source.revision)

    def _patiently(self, work: Callable[[Visit], T]) -> T:
        return patiently(lambda _: visit(self.project, work), self._options, self._progress.deadline)

    def _begin(self, stay: Visit) -> Result:
        """Plan, and make the roles that the revisions run under and for."""
        planned = self._plan(stay)
        if planned.outcome in {Outcome.PENDING, Outcome.NOTHING_PENDING}:
            identities.prepare(stay, self._options, self._progress.deadline)
            adopt(stay, self._options, self._progress.deadline)
        self._progress.revisions.clear()
        self._progress.problems.clear()
        with stay.reading() as connection:
            self._invalid_before = invalid_indexes(connection)
        return planned

    def _is_known(self, stay: Visit) -> bool:
        """Return whether Alembic knows the database, and not because a creation stopped half-way."""
        with stay.reading() as connection:
            unfinished = read_mark(connection).creating
        return bool(stay.revisions()) and not unfinished

    def _plan_with_roles(self, stay: Visit) -> Result:
        """Plan; a service that is made anew may log in with a new password."""
        planned = self._plan(stay)
        if planned.outcome in {Outcome.NOTHING_PENDING, Outcome.AHEAD}:  # else the run makes them
            identities.prepare(stay, self._options, self._progress.deadline)
            identities.protect_versions(stay, self._options, self._progress.deadline)
        return planned

    def _begin_creation(self, stay: Visit) -> Result:
        planned = self._begin(stay)
        if planned.outcome is Outcome.PENDING:
            self._set_creating(stay, creating=True)
        return planned

    def _set_creating(self, stay: Visit, *, creating: bool) -> None:
        with held(stay, self._options, self._progress.deadline) as fence:
            fence.set_creating(creating=creating)

    def _upgrade(self, planned: Result) -> Result:
        upgrade(self.project, self._options, self._progress)
        return self._patiently(lambda stay: self._verify(stay, planned))

    def _verify(self, stay: Visit, planned: Result) -> Result:
        progress = self._progress
        with stay.reading() as connection:
            damaged = invalid_indexes(connection) - self._invalid_before
        identities.protect_versions(stay, self._options, self._progress.deadline)
        progress.problems.extend(problems(stay, self._options.owner_role))
        if damaged:
            names = ", ".join(sorted(damaged))
            return progress.result(Outcome.DIRTY, f"the revisions went through, but left INVALID indexes: {names}")
        if not progress.revisions:
            return progress.result(Outcome.NOTHING_PENDING, planned.message)
        return progress.result(Outcome.MIGRATED)


def _refusal(source: RevisionSource, blocking: list[Finding]) -> str:
    first, *others = blocking
    more = f"; and {len(others)} more" if others else ""
    return (
        f"revision {source.revision}: {first.rule}: {first.statement}: {first.breaks}; instead: {first.rewrite}{more}"
    )
