"""The steady load as seen from the rehearsal: started, counted while it runs, and ended."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO

from bluegreen.errors import RehearsalError

from . import children
from .connection import TIMEOUT_SECONDS, Answer, Destination
from .load import READ_BACK
from .workload import Workload
from .written import READ_BACK_SECONDS

GRACE_SECONDS = 5.0


class LoadFailedError(RehearsalError):
    """The load generator ended by itself."""


class Traffic:
    """A load generator in a process of its own.

    Args:
        destination: Where the load goes.
        workload: How much of what.
        log: The file that takes what the generator writes to standard error.
        on_answers: Called with each batch of answers, on a thread of its own; nothing when omitted.

    Attributes:
        lost: Once stopped: each acknowledged write that could not be read back, and what was found instead.
    """

    def __init__(
        self,
        destination: Destination,
        workload: Workload,
        log: Path,
        on_answers: Callable[[list[Answer]], None] | None = None,
    ) -> None:
        self._log = log
        self._on_answers = on_answers
        self._answers: list[Answer] = []
        self._stopping = False
        self.lost: tuple[str, ...] = ()
        with log.open("ab") as errors:
            self._process = children.start(
                [sys.executable, "-m", "bluegreen.rehearsal.load"], errors=errors, pipe_input=True
            )
        assert self._process.stdin is not None  # noqa: S101 - tells the type checker what PIPE means
        assert self._process.stdout is not None  # noqa: S101
        self._stdin: IO[bytes] = self._process.stdin
        self._stdout: IO[bytes] = self._process.stdout
        document = {
            "destination": asdict(destination),
            "requests": [asdict(request) for request in workload.requests],
            "per_second": workload.per_second,
            "connections": workload.connections,
        }
        self._stdin.write(json.dumps(document).encode() + b"\n")
        self._stdin.flush()
        self._reader = threading.Thread(target=self._read, name="load", daemon=True)
        self._reader.start()

    def answers(self) -> list[Answer]:
        """Return every answer so far, in the order in which they came."""
        return list(self._answers)

    def wait_for(self, count: int, seconds: float = 20.0) -> None:
        """Wait until so many requests were answered with less than 500, so that the load is known to arrive.

        Raises:
            LoadFailedError: If that takes longer than `seconds`, or the generator ended.
        """
        deadline = time.monotonic() + seconds
        while sum(not answer.failed for answer in self.answers()) < count:
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = next((answer for answer in reversed(self.answers()) if answer.failed), None)
                seen = f"; last failure: {last.error or last.status}" if last else ""
                raise LoadFailedError(
                    f"fewer than {count} requests were answered within {seconds:g} s{seen}", hint=f"see {self._log}"
                )
            time.sleep(0.05)

    def stop(self) -> list[Answer]:
        """End the load, wait for the answers still due, have every acknowledged write read back, and return all.

        Raises:
            LoadFailedError: If the generator had ended by itself: then the load was not steady, and proves nothing.
        """
        self._stopping = True
        ended = self._process.poll()
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(READ_BACK)
            self._stdin.flush()
        self.close()
        if ended is not None:
            raise LoadFailedError(f"the load generator ended with exit code {ended}", hint=f"see {self._log}")
        return self.answers()

    def close(self) -> None:
        """End the process, by force if it does not end when told; may be called twice."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(TIMEOUT_SECONDS + READ_BACK_SECONDS + GRACE_SECONDS)
        children.end(self._process, GRACE_SECONDS)
        self._reader.join(GRACE_SECONDS)
        self._stdout.close()

    def _read(self) -> None:
        for line in self._stdout:
            told = json.loads(line)
            if isinstance(told, dict):
                self.lost = tuple(told["lost"])
                continue
            batch = [Answer(*fields) for fields in told]
            self._answers.extend(batch)
            if self._on_answers and batch:
                self._on_answers(batch)
