"""The steps at the end: write down how it went, let the database go, tell whoever waits."""

import logging

import after_release
import migration_answer
import migration_tasks
from bluegreen.release.migrations.ledger import State
from machine_step import Next
from migration_progress import Phase
from migration_run import Run

_log = logging.getLogger("migrations")


def write_down(run: Run) -> Next | None:
    """Write the state and the record; a run that was ended by somebody else is told as they wrote it."""
    progress = run.progress
    if progress.end_state is not None and progress.token is not None:
        written = run.ledger.put_state(State.from_dict(progress.end_state), progress.token)
        if not written:
            _log.warning("a newer run has written the state", extra={"run": run.request.id})
    if not run.ledger.keep(progress.run):
        progress.record = run.ledger.record(run.request.id) or progress.record
    let_go(run)
    run.go(Phase.ANSWER)
    return None


def let_go(run: Run) -> None:
    """Release the lease, unless a task still works: whoever comes next waits for its end before taking the lease."""
    alive = migration_tasks.alive(run.settings.cluster, run.settings.family)
    seen = run.ledger.lease()
    if seen is None or seen.holder != run.execution:
        return
    if alive.arns:
        migration_tasks.stop(run.settings.cluster, alive.arns, "its run is over")
        return
    run.ledger.release_lease(run.execution)


def answer(run: Run) -> Next | None:
    """Tell whoever waits; and look whether the release is over already, so that nobody else looks after its schema."""
    record = run.progress.run
    migration_answer.send(run.request, record)
    after_release.run_ended(run.request, record, run.settings)
    _log.info("ended", extra={"run": record.id, "outcome": record.outcome, "reason": record.message})
    return Next("done" if record.passed else "failed")
