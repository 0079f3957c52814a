"""Child processes that never outlive the cloud: own group, parent-death signal, output to a file."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import become

_POLL_SECONDS = 0.02


class Process:
    """One running program and everything it starts in its process group."""

    def __init__(self, popen: "subprocess.Popen[bytes]") -> None:
        self._popen = popen
        self._lock = threading.Lock()
        self.pid = popen.pid

    def poll(self) -> int | None:
        """Return the exit code as a shell would say it (128 + signal), or None while the program runs.

        When the program has ended, what it left behind in its group is killed, as the end of a container's first
        process ends its container.
        """
        with self._lock:
            if self._popen.returncode is None:
                # Look without reaping: until it is reaped, nobody else can get its group's number.
                if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                    return None
                self._signal(signal.SIGKILL)
            code = self._popen.wait()
        return code if code >= 0 else 128 - code

    def terminate(self) -> None:
        """Ask the group to end (SIGTERM)."""
        with self._lock:
            if self._popen.returncode is None:
                self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the group at once (SIGKILL), as a machine's failure would."""
        with self._lock:
            if self._popen.returncode is None:
                self._signal(signal.SIGKILL)

    def pause(self) -> None:
        """Stop the group where it is (SIGSTOP)."""
        with self._lock:
            if self._popen.returncode is None:
                self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused group go on (SIGCONT)."""
        with self._lock:
            if self._popen.returncode is None:
                self._signal(signal.SIGCONT)

    def stop(self, grace_seconds: float) -> int:
        """End the group: SIGTERM, then SIGKILL after `grace_seconds` of real time; return the exit code."""
        self.terminate()
        return self.wait_or_kill(grace_seconds)

    def wait_or_kill(self, grace_seconds: float) -> int:
        """Wait for the end, and force it after `grace_seconds` of real time; return the exit code."""
        deadline = time.monotonic() + grace_seconds
        while (code := self.poll()) is None:
            if time.monotonic() >= deadline:
                with self._lock:
                    self._signal(signal.SIGKILL)
                    code = self._popen.wait()
                return code if code >= 0 else 128 - code
            time.sleep(_POLL_SECONDS)
        return code

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


class Processes:
    """Starts processes, all from one thread that lives as long as the cloud.

    The kernel sends the parent-death signal when the *thread* that started the child ends, so short-lived threads must
    not start any.
    """

    def __init__(self) -> None:
        self._spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")

    def start(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        environment: Mapping[str, str],
        log: Path,
        user: str | None = None,
    ) -> Process:
        """Start a program.

        Args:
            command: The program, looked up on `environment`'s PATH, and its arguments.
            directory: Its working directory.
            environment: Its whole environment; nothing is inherited.
            log: Where its output is appended.
            user: Whom it runs as, which needs root; omitted, whoever runs the cloud.

        Returns:
            The process; a program that cannot be executed ends with code 127 and says why in its log.

        Raises:
            OSError: If the directory or the log cannot be used.
        """
        return self._spawner.submit(self._start, command, directory, environment, log, user).result()

    def stop(self) -> None:
        """End the starting thread; any child that is still running ends with it."""
        self._spawner.shutdown()

    @staticmethod
    def _start(
        command: Sequence[str], directory: Path, environment: Mapping[str, str], log: Path, user: str | None
    ) -> Process:
        wrapped = [sys.executable, "-I", "-S", become.__file__, str(os.getpid()), user or "-", *command]
        with log.open("ab") as output:
            popen = subprocess.Popen(
                wrapped,
                cwd=directory,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Process(popen)
