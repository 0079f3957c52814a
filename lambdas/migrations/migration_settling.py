"""Ends a run that its own steps cannot end any more: the step failed for good, or the whole execution was lost."""

import dataclasses
import logging
import time
from collections.abc import Mapping
from typing import Any

import executions
import migration_answer
import migration_end
import migration_start
from bluegreen.release.migrations import messages
from bluegreen.release.migrations.ledger import Mode
from bluegreen.release.migrations.result import Outcome
from migration_progress import Progress
from migration_request import Request
from migration_run import Run
from migration_settings import Settings

_log = logging.getLogger("migrations")


def settle(request: Request, error: Any, execution: str, settings: Settings) -> None:
    """Write down that a run failed, if it has not ended, and tell whoever waits.

    Args:
        request: What was asked.
        error: What went wrong, as Step Functions gives it.
        execution: The execution's ARN.
        settings: The function's settings.

    Raises:
        Exception: If AWS refused; the other one of the two callers tries again.
    """
    details = error if isinstance(error, Mapping) else {}
    problem = f"{details.get('Error') or 'unknown error'}: {details.get('Cause') or ''}"
    _log.error("settling", extra={"run": request.id, "error": problem})
    now = time.time()
    run = Run(request, Progress(started_at=now), settings, execution, now)
    record = run.ledger.record(request.id) or migration_start.new_record(request, now)
    if record.ended is None:
        _mark_dirty(run, begun=record.task_definition is not None and request.mode is not Mode.PLAN)
        ended = record.end(Outcome.FAILED, messages.lost(problem), passed=False, at=run.at)
        record = ended if run.ledger.keep(ended) else run.ledger.record(request.id) or ended
    migration_end.let_go(run)
    migration_answer.send(request, record)


def execution_lost(detail: Mapping[str, Any], settings: Settings) -> None:
    """Settle the run of an execution that failed, timed out or was aborted.

    Args:
        detail: The detail of Step Functions' event.
        settings: The function's settings.
    """
    execution = str(detail["executionArn"])
    request = Request.read(executions.request_of(execution))
    error = {"Error": f"the execution is {detail.get('status')}", "Cause": detail.get("cause") or ""}
    settle(request, error, execution, settings)


def _mark_dirty(run: Run, *, begun: bool) -> None:
    """Say that nobody knows where the database is, when the run was lost while it migrated."""
    known, lease = run.ledger.state(), run.ledger.lease()
    if begun and known is not None and lease is not None and lease.holder == run.execution:
        dirty = dataclasses.replace(known, dirty=messages.unknown_end(run.request.id))
        run.ledger.put_state(dirty, lease.token)
