"""One revision at a time, each in a visit of env.py of its own, again and again until it is through or time is up."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from alembic.runtime.migration import MigrationStep
from sqlalchemy.exc import DBAPIError

from .environment import Visit, visit
from .errors import DirtyError, MigrationError, describe, is_disconnect, is_locked
from .fence import Fence, held
from .indexes import Leftovers
from .options import Options
from .progress import Progress
from .project import Project, RevisionSource
from .session import prepare, relax_harmless_waits
from .timing import Deadline, backoff

T = TypeVar("T")
_LOST_CONNECTIONS = 5
"""So often in a row may the session to the database break; a failover of the instance breaks it once."""


def patiently(work: Callable[[int], T], options: Options, deadline: Deadline) -> T:
    """Do what may have to wait for a lock, again and again, until it is through or time is up.

    Args:
        work: What to do; it gets the number of the attempt, from 1.
        options: The lock timeout, and where chance comes from.
        deadline: When to give up.

    Returns:
        What `work` returned.

    Raises:
        MigrationError: If time is up.
        DBAPIError: If the database refuses it for another reason, or the session breaks too often.
    """
    lost = 0
    for attempt in itertools.count(1):
        try:
            return work(attempt)
        except DBAPIError as error:
            lost = lost + 1 if is_disconnect(error) else 0
            if not (is_locked(error) or 0 < lost <= _LOST_CONNECTIONS):
                raise
            if not deadline.wait(backoff(attempt, options.clock.chance()), spare=options.lock_timeout_ms / 1000):
                raise MigrationError(
                    f"gave up after {deadline.elapsed():.0f} s, {attempt} attempts and a lock timeout of"
                    f" {options.lock_timeout_ms} ms: {describe(error)}; somebody holds the table in a long transaction"
                ) from error
    raise AssertionError  # the count has no end


class Stepper:
    """Runs revisions, up or down.

    Args:
        project: Whose.
        options: The token, the lock timeout and whose role.
        progress: Where each revision that is through is written down.
    """

    def __init__(self, project: Project, options: Options, progress: Progress) -> None:
        self._project = project
        self._options = options
        self._progress = progress

    def all(self, choose: Callable[[Visit], tuple[RevisionSource, MigrationStep] | None]) -> None:
        """Run one revision after the other.

        Args:
            choose: Says from the database's revisions which is next, under the lock; None when all are through.

        Raises:
            DirtyError: If one outside any transaction failed half-way.
            MigrationError: If one cannot get its locks before the deadline.
            FencedOffError: If a newer runner took over.
            DBAPIError: If the database refuses one.
        """
        through = False
        while not through:
            through = patiently(
                lambda attempts: visit(self._project, lambda stay: self._one(stay, choose, attempts)),
                self._options,
                self._progress.deadline,
            )

    def _one(
        self, stay: Visit, choose: Callable[[Visit], tuple[RevisionSource, MigrationStep] | None], attempts: int
    ) -> bool:
        """Run the next revision; return whether there was none."""
        progress = self._progress
        with held(stay, self._options, progress.deadline) as fence:
            prepare(stay.connection, self._options, progress.deadline)
            progress.after = stay.revisions()
            chosen = choose(stay)
            if chosen is None:
                progress.current = None
                return True
            source, step = chosen
            progress.current = source.revision
            relax_harmless_waits(stay.connection, self._options)
            began = self._options.clock.now()
            if source.transactional:
                self._run_in_transaction(stay, fence, step)
            else:
                self._run_outside(stay, fence, source, step)
            seconds = round(self._options.clock.now() - began, 3)
            progress.revisions.append(replace(source.report(), seconds=seconds, attempts=attempts))
            progress.after = stay.revisions()
        return False

    def _run_in_transaction(self, stay: Visit, fence: Fence, step: MigrationStep) -> None:
        stay.forbid_autocommit()
        stay.before_commit.append(lambda: fence.check(stay.connection))
        stay.run([step])

    def _run_outside(self, stay: Visit, fence: Fence, source: RevisionSource, step: MigrationStep) -> None:
        """Run a revision that commits on its way; a mark in the database outlives whatever ends it."""
        leftovers = Leftovers(source, fence)
        leftovers.repair()
        leftovers.mark()
        self._progress.outside_transaction = True
        stay.before_commit.append(lambda: fence.check(stay.connection, clear_dirty=True))
        try:
            stay.run([step])
        except DBAPIError as error:
            if is_disconnect(error) or is_locked(error):
                raise
            left = leftovers.after(error)
            if left is not None:
                raise DirtyError(f"{describe(error)}; {left}") from error
            self._progress.outside_transaction = False
            raise
        self._progress.outside_transaction = False
