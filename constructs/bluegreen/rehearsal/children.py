"""Programs that the rehearsal starts: out of the reach of Ctrl-C, and ended with it whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from .cloud import become


def start(
    command: Sequence[str],
    *,
    errors: IO[bytes],
    output: IO[bytes] | int = subprocess.PIPE,
    pipe_input: bool = False,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own; on Linux it is killed when this process dies.

    Call it from a thread that lives as long as the program should: the kernel watches the thread, not the process.

    Args:
        command: The program and its arguments.
        errors: Takes its standard error.
        output: Takes its standard output.
        pipe_input: Whether to write to its standard input; otherwise that is empty.
        folder: Where it runs; here when omitted.
        environment: All of its variables; this process's when omitted.
    """
    return subprocess.Popen(
        [sys.executable, become.__file__, str(os.getpid()), "-", *command],
        stdin=subprocess.PIPE if pipe_input else subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        cwd=folder,
        env=environment,
        start_new_session=True,  # Ctrl-C at the terminal reaches the rehearsal alone, which then ends this in order
    )


def end(process: "subprocess.Popen[bytes]", grace_seconds: float) -> int:
    """Ask a program and its group to end, kill what does not in time, and return its exit code."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace_seconds)
        # The program may be a wrapper (node from a wheel is) whose own child is slower to end, or deaf.
        _signal_group(process, signal.SIGKILL)
    return process.wait()


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
