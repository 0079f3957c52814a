import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bluegreen.rehearsal.cloud.load_balancing import core
from tests.rehearsal.cloud.load_balancing.support import Cloud, NoDataPlane, Server


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    """The service over a real HAProxy."""
    cloud = Cloud(tmp_path)
    yield cloud
    cloud.service.stop()


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """The service without a data plane: AWS's rules alone."""
    monkeypatch.setattr(core, "DataPlane", NoDataPlane)
    cloud = Cloud(tmp_path)
    yield cloud
    cloud.service.stop()


@pytest.fixture
def start() -> Iterator[Callable[[str], Server]]:
    """Start targets by name, each on an address of its own."""
    servers: list[Server] = []
    first = random.SystemRandom().randrange(1, 250)

    def start(name: str) -> Server:
        servers.append(Server(name, f"127.76.{first}.{len(servers) + 1}"))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
