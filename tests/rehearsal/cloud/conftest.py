import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.cloud.running import Cloud


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("cloud")
    program = Path(__file__).with_name("extended_ministack.py")
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, str(program), str(port), str(folder)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", (folder / "log").read_text()
    yield Cloud(process, port)
    process.terminate()
    assert process.wait(10) == 0
    process.stdout.close()
