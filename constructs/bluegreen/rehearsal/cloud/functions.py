"""Lambda's invocations in ministack, as far as a restart of the control planes touches them."""

import importlib
import signal
from typing import Any

from .clock import Gate

MODULE = "ministack.services.lambda_svc"
NAMES = ("_execute_function",)
POOL_MODULE = "ministack.core.lambda_runtime"
POOL_NAMES = ("_workers", "_lock")
"""What is read or replaced in both modules; checked before anything starts."""

SERVICE_ERROR = "Lambda.ServiceException"
"""What Step Functions calls it when Lambda itself failed, not the function."""


def install(gate: Gate) -> None:
    """Let no invocation begin while the gate is closed, and blame Lambda for those that its closing ended.

    Args:
        gate: Closed while the control planes are down.
    """
    functions: Any = importlib.import_module(MODULE)
    execute = functions._execute_function  # noqa: SLF001 - checked by name in extension.py

    def execute_when_open(function: dict[str, Any], event: Any) -> dict[str, Any]:
        gate.wait()
        result: dict[str, Any] = execute(function, event)
        if result.get("error") and not gate.is_open:
            result["body"] = {"errorType": SERVICE_ERROR, "errorMessage": "the service is unavailable"}
        return result

    functions._execute_function = execute_when_open  # noqa: SLF001 - likewise


def kill_running() -> None:
    """Kill the process of every invocation that runs now; idle ones stay."""
    pool: Any = importlib.import_module(POOL_MODULE)
    with pool._lock:  # noqa: SLF001 - likewise
        running = [worker for workers in pool._workers.values() for worker in workers if worker.in_use]  # noqa: SLF001 - likewise
    for worker in running:
        process = worker._proc  # noqa: SLF001 - a worker has no other way to be ended without losing its code
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)
