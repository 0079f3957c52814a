"""Ends a recovery that its own steps cannot end any more, and deletes what it restored."""

import logging
import time
from collections.abc import Mapping
from typing import Any

import recovery_instances
import recovery_telling
from bluegreen.release.recovery.record import Kind
from recovery_request import Request
from recovery_run import Progress, Run, iso
from recovery_settings import Settings
from recovery_step import left_over, new_record

_log = logging.getLogger("recovery")


def settle(request: Request, error: Any, settings: Settings) -> None:
    """Delete what was restored, and say that the recovery failed, unless it has ended.

    Args:
        request: What was asked.
        error: What went wrong, as Step Functions gives it.
        settings: The function's settings.

    Raises:
        Exception: If AWS refused; the other one of the two callers tries again.
    """
    details = error if isinstance(error, Mapping) else {}
    problem = f"the recovery was lost: {details.get('Error') or 'unknown error'}: {details.get('Cause') or ''}"
    _log.error("settling", extra={"recovery": request.id, "error": problem})
    now = time.time()
    run = Run(request, Progress(started_at=now), settings, now)
    record = run.ledger.record(request.id) or new_record(run)
    if record.ended and record.cleaned_up:
        return
    gone = request.kind is Kind.RESTORE_TEST or recovery_instances.delete(str(request.instance))
    problems = [problem] if gone else [problem, left_over(request)]
    run.progress.record = record.end((*record.problems, *problems), at=record.ended or iso(now))
    run.note(cleaned_up=gone)
    recovery_telling.tell(request, run.record, run.ledger)
    if not gone:
        raise RuntimeError(left_over(request))  # whoever called tries again
