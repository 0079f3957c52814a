import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Any

import boto3


class Cloud:
    """A running ministack with our changes."""

    def __init__(self, process: Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, name: str) -> Any:
        make: Any = boto3.client
        return make(
            name,
            endpoint_url=self.endpoint,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )


@contextmanager
def started(program: str, folder: Path) -> Iterator[Cloud]:
    """Run a program of this folder until the block ends; it says "ready" when it answers, and ends with 0."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = Path(__file__).with_name(program)
    with (folder / "log").open("w") as log:
        process = Popen(
            [sys.executable, str(path), str(port), str(folder)], stdout=subprocess.PIPE, stderr=log, text=True
        )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", (folder / "log").read_text()
    yield Cloud(process, port)
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()
