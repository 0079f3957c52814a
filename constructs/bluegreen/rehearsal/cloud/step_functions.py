"""Lets ministack's Step Functions live in cloud time: what an execution is told, waits for and is allowed.

ministack shortens waits and retries by a scale of its own, which knows nothing of time that is not compressed for a
while; it tells real time; and it knows no limit for a whole execution. A function's TimeoutSeconds stays real, as a
function runs in real time.
"""

import contextvars
import importlib
import json
import threading
from datetime import UTC, datetime
from typing import Any

from .clock import Clock

MODULE = "ministack.services.stepfunctions"
NAMES = (
    "now_iso",
    "_scaled_sleep",
    "_sleep_until",
    "_run_execution",
    "_fail_execution",
    "_executions",
    "_state_machines",
    "_add_event",
    "_emit_execution_status_event",
)
"""What is read or replaced there; checked before anything starts."""


def iso(seconds: float) -> str:
    """Return a time as Step Functions writes it.

    Example:
        >>> iso(0.5)
        '1970-01-01T00:00:00.500Z'
    """
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def install(clock: Clock) -> None:
    """Give executions the cloud's time: `$$.State.EnteredTime`, Wait until a timestamp, TimeoutSeconds.

    Args:
        clock: The cloud's time.
    """
    module: Any = importlib.import_module(MODULE)
    run, fail = module._run_execution, module._fail_execution  # noqa: SLF001 - checked by name in extension.py

    def sleep(seconds: float) -> None:
        clock.wait(seconds, threading.Event())

    def sleep_until(timestamp: str) -> None:
        sleep(datetime.fromisoformat(timestamp).timestamp() - clock.now())

    def run_in_time(execution_arn: str) -> None:
        execution = module._executions.get(execution_arn)  # noqa: SLF001 - likewise
        seconds = _timeout(module, execution)
        if seconds is None:
            run(execution_arn)
            return
        # The account and the region travel in context variables, which a thread does not inherit.
        end = contextvars.copy_context().run
        ended = clock.call_later(seconds, lambda: end(_time_out, module, execution))
        try:
            run(execution_arn)
        finally:
            ended.set()

    def fail_once(execution: dict[str, Any], error: str, cause: str) -> None:
        # What a state says after the execution has ended changes nothing.
        if execution["status"] == "RUNNING":
            fail(execution, error, cause)

    module.now_iso = lambda: iso(clock.now())
    module._scaled_sleep = sleep  # noqa: SLF001 - likewise
    module._sleep_until = sleep_until  # noqa: SLF001 - likewise
    module._run_execution = run_in_time  # noqa: SLF001 - likewise
    module._fail_execution = fail_once  # noqa: SLF001 - likewise


def _timeout(module: Any, execution: dict[str, Any] | None) -> float | None:
    """Return how many seconds the whole execution may take; None when its definition sets no limit."""
    machine = module._state_machines.get(execution["stateMachineArn"]) if execution else None  # noqa: SLF001 - likewise
    seconds = json.loads(machine["definition"]).get("TimeoutSeconds") if machine else None
    return None if seconds is None else float(seconds)


def _time_out(module: Any, execution: dict[str, Any]) -> None:
    """End an execution that ran too long; the state it is in is not waited for."""
    if execution["status"] != "RUNNING":
        return
    execution.update(status="TIMED_OUT", error="States.Timeout", stopDate=module.now_iso())
    module._add_event(execution, "ExecutionTimedOut", {"executionTimedOutEventDetails": {"error": "States.Timeout"}})  # noqa: SLF001 - likewise
    module._emit_execution_status_event(execution)  # noqa: SLF001 - likewise
