import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psutil
import pytest

from bluegreen.rehearsal.connection import Answer, Destination
from bluegreen.rehearsal.traffic import LoadFailedError, Traffic
from bluegreen.rehearsal.workload import Request, Workload


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.send_header("x-bluegreen-target", "127.77.0.1")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def destination() -> Iterator[Destination]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield Destination("127.0.0.1", server.server_port, "orders.test", None)
        server.shutdown()


def generators() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "bluegreen.rehearsal.load" in child.cmdline()]


def test_the_load_runs_until_it_is_stopped(tmp_path: Path, destination: Destination) -> None:
    """Answers arrive while the load runs, all are there when it has stopped, and its process is gone."""
    heard: list[Answer] = []
    traffic = Traffic(destination, Workload(per_second=200, connections=4), tmp_path / "log", heard.extend)
    traffic.wait_for(100)
    assert len(generators()) == 1
    answers = traffic.stop()
    assert len(answers) >= 100
    assert answers == heard
    assert {(answer.status, answer.target) for answer in answers} == {(200, "127.77.0.1")}
    assert generators() == []
    traffic.close()


def test_what_was_acknowledged_is_read_back_when_the_load_stops(tmp_path: Path, destination: Destination) -> None:
    """An acknowledgement that does not say where the write is counts as lost, and only a load that is stopped tells."""
    workload = Workload(requests=(Request(path="/", confirm="/{id}"),), per_second=50, connections=1)
    traffic = Traffic(destination, workload, tmp_path / "log")
    traffic.wait_for(5)
    assert traffic.lost == ()
    answers = traffic.stop()
    assert traffic.lost == ("nowhere: acknowledged with ''",) * len(answers)


def test_a_load_that_nobody_answers_is_an_error(tmp_path: Path) -> None:
    """Waiting for a steady load ends with the failure that the requests met."""
    traffic = Traffic(Destination("127.0.0.1", 1, "orders.test", None), Workload(per_second=50), tmp_path / "log")
    try:
        with pytest.raises(LoadFailedError, match="last failure: ConnectionRefusedError"):
            traffic.wait_for(1, seconds=1.0)
    finally:
        traffic.close()
    assert generators() == []


def test_a_generator_that_died_proves_nothing(tmp_path: Path, destination: Destination) -> None:
    """A load that ended by itself is an error, however many requests were answered before."""
    traffic = Traffic(destination, Workload(per_second=100), tmp_path / "log")
    traffic.wait_for(10)
    (child,) = generators()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(LoadFailedError, match="exit code -9"):
        traffic.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_load_dies_with_a_rehearsal_that_is_killed(tmp_path: Path, destination: Destination) -> None:
    """A rehearsal that is killed outright leaves no load behind."""
    program = (
        "import sys, time\nfrom pathlib import Path\n"
        "from bluegreen.rehearsal.connection import Destination\nfrom bluegreen.rehearsal.traffic import Traffic\n"
        "from bluegreen.rehearsal.workload import Workload\n"
        f"to = Destination('127.0.0.1', {destination.port}, 'orders.test', None)\n"
        f"load = Traffic(to, Workload(), Path({str(tmp_path)!r}) / 'log')\n"
        "print('started', flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as rehearsal:
        assert rehearsal.stdout is not None
        assert rehearsal.stdout.readline() == b"started\n"
        (load,) = psutil.Process(rehearsal.pid).children()
        rehearsal.kill()
    assert psutil.wait_procs([load], timeout=10)[1] == []
