"""Lambda's invocations in ministack: what a restart of the control planes does to them, and what time is to them.

A function's code runs as long as it runs: no factor compresses what a processor and a network do. Its pauses are
compressed like every other wait, and whoever measures an invocation in cloud time can ask whether it runs.
"""

import importlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .clock import Gate

MODULE = "ministack.services.lambda_svc"
NAMES = ("_execute_function",)
POOL_MODULE = "ministack.core.lambda_runtime"
POOL_NAMES = ("_workers", "_lock", "_PYTHON_WORKER_SCRIPT")
"""What is read or replaced in both modules; checked before anything starts."""

SERVICE_ERROR = "Lambda.ServiceException"
"""What Step Functions calls it when Lambda itself failed, not the function."""

PAUSES = """
import os, time
def _compressed(seconds, sleep=time.sleep, scale=float(os.environ["SFN_WAIT_SCALE"])):
    sleep(seconds * scale)
time.sleep = _compressed
"""
"""Goes before ministack's own program for Python functions."""

_running: Counter[str] = Counter()
_lock = threading.Lock()


def runs(name_or_arn: str) -> bool:
    """Return whether a function runs at this moment."""
    return _running[_name(name_or_arn)] > 0


def install(gate: Gate) -> None:
    """Let no invocation begin while the gate is closed, and blame Lambda for those that its closing ended.

    Args:
        gate: Closed while the control planes are down.
    """
    functions: Any = importlib.import_module(MODULE)
    execute = functions._execute_function  # noqa: SLF001 - checked by name in extension.py

    def execute_when_open(function: dict[str, Any], event: Any) -> dict[str, Any]:
        gate.wait()
        name = function.get("config", function)["FunctionName"]
        with _running_now(name):
            result: dict[str, Any] = execute(function, event)
        if result.get("error") and not gate.is_open:
            result["body"] = {"errorType": SERVICE_ERROR, "errorMessage": "the service is unavailable"}
        return result

    functions._execute_function = execute_when_open  # noqa: SLF001 - likewise
    pool: Any = importlib.import_module(POOL_MODULE)
    pool._PYTHON_WORKER_SCRIPT = PAUSES + pool._PYTHON_WORKER_SCRIPT  # noqa: SLF001 - likewise


def kill_running() -> None:
    """Kill the process of every invocation that runs now; idle ones stay."""
    pool: Any = importlib.import_module(POOL_MODULE)
    with pool._lock:  # noqa: SLF001 - likewise
        running = [worker for workers in pool._workers.values() for worker in workers if worker.in_use]  # noqa: SLF001 - likewise
    for worker in running:
        process = worker._proc  # noqa: SLF001 - a worker has no other way to be ended without losing its code
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGKILL)


@contextmanager
def _running_now(name: str) -> Iterator[None]:
    with _lock:
        _running[name] += 1
    try:
        yield
    finally:
        with _lock:
            _running[name] -= 1


def _name(name_or_arn: str) -> str:
    """Return a function's name.

    Example:
        >>> _name("arn:aws:lambda:us-east-1:123456789012:function:smoke:live"), _name("smoke")
        ('smoke', 'smoke')
    """
    return name_or_arn.split(":")[6] if name_or_arn.startswith("arn:") else name_or_arn
