"""Begins a run: its record in the ledger by a conditional write, then its execution, both under the run's id."""

import logging
import secrets
import time
from datetime import UTC, datetime

import state_machine
from bluegreen.release.migrations import messages
from bluegreen.release.migrations.ledger import Mode, Record, downgrade_id
from bluegreen.release.migrations.result import Outcome
from hook_runtime import Invocation, Verdict
from migration_ledger import Ledger
from migration_request import Request
from migration_settings import Settings

_log = logging.getLogger("migrations")


def for_hook(invocation: Invocation, settings: Settings) -> Verdict | None:
    """Begin the run of a deployment.

    Args:
        invocation: The hook's call.
        settings: The function's settings.

    Returns:
        None, for the execution will answer; or the verdict, when the run has ended already and is asked for again.
    """
    ended = begin(Request.of_hook(invocation.deployment_id, invocation.execution_id, settings.version), settings)
    return None if ended is None else Verdict(passed=bool(ended.passed), reason=ended.message)


def by_hand(mode: str, to: str | None, by: str, settings: Settings) -> str:
    """Begin a run that an operator asks for.

    Args:
        mode: plan, run or downgrade.
        to: The revision that a downgrade goes to; where the last run began when None.
        by: Who asks.
        settings: The function's settings.

    Returns:
        The run's id.

    Raises:
        ValueError: If the mode is none of these, or the ledger knows nothing that a downgrade could run from.
    """
    wanted = Mode(mode)
    if wanted is Mode.CREATE:
        raise ValueError("mode must be plan, run or downgrade, got create; a stack's creation alone creates")
    run = f"{wanted}-{secrets.token_hex(6)}"
    request = Request(id=run, mode=wanted, version=settings.version, by=by)
    if wanted is Mode.DOWNGRADE:
        request = _downgrade(request, to, settings)
    begin(request, settings)
    return run


def after_failed_release(record: Record, to: str, settings: Settings) -> str:
    """Begin the downgrade of what a failed release had migrated; beginning it twice is harmless.

    Args:
        record: What the release's run came to.
        to: The revision to go back to.
        settings: The function's settings.

    Returns:
        The downgrade's run id.
    """
    run = downgrade_id(record.id)
    request = Request(
        id=run,
        mode=Mode.DOWNGRADE,
        version=record.version,
        by=f"the failed release {record.id}",
        to=to,
        task_definition=record.task_definition,
        takes_back=record.id,
    )
    begin(request, settings)
    return run


def begin(request: Request, settings: Settings) -> Record | None:
    """Write the record and start the execution, unless the same run began before.

    Args:
        request: What is to be done.
        settings: The function's settings.

    Returns:
        The record of a run that has ended already; else None.

    Raises:
        botocore.exceptions.ClientError: If AWS refused.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    ledger = Ledger(settings.ledger, settings.database, settings.history)
    record = new_record(request, time.time())
    if not ledger.begin(record):
        known = ledger.record(request.id)
        if known is not None and known.ended is not None:
            return known
    try:
        state_machine.start(request.id, request.to_dict())
    except Exception as error:
        # Should it run all the same, it sees at its first step that it is over.
        message = messages.lost(f"{type(error).__name__}: {error}")
        ledger.keep(record.end(Outcome.FAILED, message, passed=False, at=record.started))
        raise
    return None


def new_record(request: Request, now: float) -> Record:
    """Return the record that a run begins with."""
    return Record(
        id=request.id,
        mode=request.mode,
        version=request.version,
        by=request.by,
        started=datetime.fromtimestamp(now, UTC).isoformat(),
        takes_back=request.takes_back,
    )


def _downgrade(request: Request, to: str | None, settings: Settings) -> Request:
    """Fill in from the ledger what a downgrade by hand runs from, and where it goes."""
    ledger = Ledger(settings.ledger, settings.database, settings.history)
    state = ledger.state()
    if state is None or state.task_definition is None:
        raise ValueError("the ledger knows no run that a downgrade could run from; downgrade with Alembic itself")
    last = ledger.record(state.run)
    target = to or (last.before[0] if last is not None and len(last.before) == 1 else None)
    if target is None:
        raise ValueError(f"the run {state.run} did not begin at one revision; say where to go with --to")
    return Request.read({**request.to_dict(), "to": target, "task_definition": state.task_definition})
