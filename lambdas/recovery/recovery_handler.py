"""Recovery drills and restore tests: restore the database beside the live one, prove it, time it, delete it.

One function, `recovery_handler.handle`, that is never near the database: a one-off task of the application's own image
looks into the live one and into the restored one. The function's callers:

- The state machine `BLUEGREEN_STATE_MACHINE_ARN`:
  - `Advance` (`{"step": "advance", "request": …, "progress": …, "now": …}`) returns `{"next": "wait" | "run-task" |
    "done" | "failed", "wait_seconds": …, "task": {"command": …, "environment": …, "seconds": …}, "request": …,
    "progress": …}`, the next state as it is. How the task ended comes back as `progress.task` or `progress.error`.
  - `Settle` (`{"step": "settle", "request": …, "error": …}`) ends a recovery whose step failed for good.
- EventBridge:
  - `Restore Job State Change` of AWS Backup's restore testing (COMPLETED, FAILED, ABORTED): begins the test.
  - `Step Functions Execution Status Change` (FAILED, TIMED_OUT, ABORTED): cleans up after an execution that could not.
- An operator: `{"step": "start", "by": …}`, `{"step": "status"}`, `{"step": "recovery", "id": …}`.

The function's timeout should be 60 s, its memory 256 MB. It needs no VPC.
"""

import json
import logging
import secrets
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import aws_clients
import recovery_settling
import recovery_step
import state_machine
from bluegreen.release import structured_log
from recovery_ledger import Ledger
from recovery_request import Request
from recovery_run import Progress, Run
from recovery_settings import Settings

structured_log.set_up()
_log = logging.getLogger("recovery")


def handle(event: Mapping[str, Any], context: object) -> dict[str, Any] | None:  # noqa: ARG001 - Lambda gives it
    """Serve one of the callers.

    Args:
        event: What one of the callers sent.
        context: Lambda's context.

    Returns:
        The state machine's next state, or what an operator asked for; nothing for EventBridge.

    Raises:
        ValueError: If the event is none of these.
    """
    settings = Settings.read()
    if "source" in event:
        _hear(event["source"], event["detail"], settings)
        return None
    return _serve(event, settings)


def _hear(source: str, detail: Mapping[str, Any], settings: Settings) -> None:
    """Hear what EventBridge tells; Lambda tries again what is raised."""
    match source:
        case "aws.backup":
            _start(Request.of_test(detail), settings)
        case "aws.states":
            _hear_of_loss(detail, settings)
        case _:
            raise ValueError(f"an event's source is aws.backup or aws.states, got {source}")


def _serve(event: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """Serve the state machine, or an operator."""
    match event:
        case {"step": "advance", "request": request}:
            return _advance(request, event.get("progress"), _now(event), settings)
        case {"step": "settle", "request": request}:
            recovery_settling.settle(Request.read(request), event.get("error"), settings)
            return {"next": "failed"}
        case {"step": "start"}:
            return {"id": _start(Request.of_drill(f"d-{secrets.token_hex(6)}", str(event.get("by"))), settings)}
        case {"step": "status"}:
            found = Ledger(settings.ledger, settings.database).records()
            return {"database": settings.database, "recoveries": [one.to_dict() for one in found]}
        case {"step": "recovery", "id": recovery}:
            return _recovery(recovery, settings)
    raise ValueError(f"an event has a step or a source, got {', '.join(sorted(map(str, event)))}")


def _now(event: Mapping[str, Any]) -> float:
    """Return the time in seconds since the epoch: the state machine's own, by which it also waits."""
    return datetime.fromisoformat(event["now"]).timestamp() if event.get("now") else time.time()


def _advance(
    request: Mapping[str, Any], document: Mapping[str, Any] | None, now: float, settings: Settings
) -> dict[str, Any]:
    progress = Progress.read(document, now)
    then = recovery_step.take(Run(Request.read(request), progress, settings, now))
    state = {
        "next": then.what,
        "wait_seconds": then.wait_seconds,
        "request": dict(request),
        "progress": progress.to_dict(),
    }
    return state | ({"task": then.task} if then.task else {})


def _start(request: Request, settings: Settings) -> str:
    """Write the record, so that it can be followed at once, and start the execution; twice is once."""
    now = time.time()
    run = Run(request, Progress(started_at=now), settings, now)
    ledger = run.ledger
    if ledger.record(request.id) is None:
        ledger.keep(recovery_step.new_record(run))
    state_machine.start(request.id, request.to_dict())
    return request.id


def _recovery(recovery: str, settings: Settings) -> dict[str, Any]:
    record = Ledger(settings.ledger, settings.database).record(recovery)
    if record is None:
        raise ValueError(f"there is no recovery {recovery!r} of {settings.database}")
    return record.to_dict()


def _hear_of_loss(detail: Mapping[str, Any], settings: Settings) -> None:
    """Settle the recovery of an execution that failed, timed out or was aborted, if it has not settled itself."""
    execution = aws_clients.client("stepfunctions").describe_execution(executionArn=str(detail["executionArn"]))
    request = Request.read(json.loads(execution["input"])["request"])
    error = {"Error": f"the execution is {detail.get('status')}", "Cause": detail.get("cause") or ""}
    recovery_settling.settle(request, error, settings)
