import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bluegreen.rehearsal.cloud.processes import Process, Processes

FAMILY = "import subprocess, sys, time; subprocess.Popen(['sleep', '600']); print('up', flush=True); time.sleep(600)"


class Starter:
    def __init__(self, folder: Path) -> None:
        self.processes = Processes()
        self.folder = folder
        self.log = folder / "log"

    def __call__(self, *command: str, environment: dict[str, str] | None = None) -> Process:
        return self.processes.start(
            command,
            directory=self.folder,
            environment={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **(environment or {})},
            log=self.log,
        )

    def printed(self, text: str) -> None:
        deadline = time.monotonic() + 10
        while text not in self.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    starter.processes.stop()


def test_a_program_sees_only_its_environment(start: Starter) -> None:
    """Nothing is inherited; the output is in the log."""
    code = start("env", environment={"A": "1"}).wait_or_kill(5)
    assert code == 0
    assert sorted(start.log.read_text().split()) == ["A=1", "LANG=C.UTF-8", f"PATH={os.environ['PATH']}"]


@pytest.mark.parametrize(("program", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_exit_codes_are_those_of_a_shell(start: Starter, program: str, code: int) -> None:
    """A program's own code, or 128 and the signal that ended it, now and when asked again."""
    process = start("sh", "-c", program)
    assert process.wait_or_kill(5) == code
    assert process.poll() == code


def test_a_program_that_cannot_be_executed_ends_with_127(start: Starter) -> None:
    """The log says why."""
    assert start("no-such-program").wait_or_kill(5) == 127
    assert "cannot execute no-such-program: No such file" in start.log.read_text()


def test_stopping_ends_the_whole_group(start: Starter) -> None:
    """What a program started goes with it."""
    process = start(sys.executable, "-c", FAMILY)
    start.printed("up")
    (child,) = psutil.Process(process.pid).children()
    assert process.poll() is None
    assert process.stop(5) == 143
    child.wait(5)


def test_what_a_dead_program_left_behind_is_killed(start: Starter) -> None:
    """The end of the first process ends its group, as it ends a container."""
    process = start(sys.executable, "-c", FAMILY)
    start.printed("up")
    (child,) = psutil.Process(process.pid).children()
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait_or_kill(5) == 137
    child.wait(5)


def test_a_program_that_ignores_sigterm_is_killed_in_time(start: Starter) -> None:
    """SIGKILL follows after the grace, and is told by the exit code."""
    process = start(
        sys.executable, "-c", "import signal, time; signal.signal(15, 1); print('up', flush=True); time.sleep(600)"
    )
    start.printed("up")
    assert process.stop(0.2) == 137


def test_programs_die_with_a_starter_that_is_killed(tmp_path: Path) -> None:
    """Even kill -9 of the cloud leaves no program behind."""
    program = (
        "import os, pathlib, sys, time\n"
        "from bluegreen.rehearsal.cloud.processes import Processes\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "process = Processes().start(['sleep', '600'], directory=folder, environment=os.environ, log=folder / 'log')\n"
        "print(process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        child = psutil.Process(int(starter.stdout.readline()))
        while child.name() != "sleep":
            time.sleep(0.02)
        starter.kill()
        # The orphan may stay as a zombie where nothing reaps orphans.
        deadline = time.monotonic() + 5
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.02)
