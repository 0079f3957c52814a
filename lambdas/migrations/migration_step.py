"""One step of a run: goes as far as it can, then says what the state machine is to do."""

import logging
from collections.abc import Callable, Mapping

from botocore.exceptions import BotoCoreError, ClientError

import aws_clients
import migration_before
import migration_end
import migration_task
from bluegreen.release.migrations import messages
from bluegreen.release.migrations.result import Outcome
from cloudformation_answer import AnswerError
from machine_step import Next
from migration_progress import Phase
from migration_run import Run

_log = logging.getLogger("migrations")

_PATIENCE_SECONDS = 240
"""How long AWS may refuse or not answer before a run is given up."""
_TROUBLE_WAIT_SECONDS = 5

_STEPS: Mapping[Phase, Callable[[Run], Next | None]] = {
    Phase.GUARD: migration_before.guard,
    Phase.LEASE: migration_before.lease,
    Phase.PLAN: migration_task.plan,
    Phase.PROTECT: migration_before.protect,
    Phase.BEGIN: migration_before.begin,
    Phase.MIGRATE: migration_task.migrate,
    Phase.END: migration_end.write_down,
    Phase.ANSWER: migration_end.answer,
}


def take(run: Run) -> Next:
    """Take one step.

    Args:
        run: The run; what it remembers is changed in place.

    Returns:
        What the state machine does next.

    Raises:
        Exception: When the end cannot be written down or told for minutes; the state machine then settles the run.
    """
    while True:
        _log.info("step", extra={"run": run.request.id, "phase": run.progress.phase})
        try:
            then = _STEPS[run.progress.phase](run)
        except (ClientError, BotoCoreError, AnswerError) as error:
            then = _after_trouble(run, error)
        else:
            run.progress.trouble_since = None
        if then is not None:
            return then


def _after_trouble(run: Run, error: Exception) -> Next | None:
    """Wait for a while; then end the run as failed. At the very end there is nothing left but to raise."""
    problem = aws_clients.describe(error)
    _log.warning("AWS refused or did not answer", extra={"run": run.request.id, "error": problem})
    progress = run.progress
    if progress.trouble_since is None:
        progress.trouble_since = run.now
    passes = aws_clients.may_pass(error) or (isinstance(error, AnswerError) and not error.final)
    if passes and run.now - progress.trouble_since < _PATIENCE_SECONDS:
        return Next("wait", _TROUBLE_WAIT_SECONDS)
    if progress.phase in {Phase.END, Phase.ANSWER} or progress.record is None:
        raise error
    progress.trouble_since = None
    run.end(Outcome.FAILED, messages.lost(problem), passed=False)
    return None
