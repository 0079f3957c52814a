from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.rehearsal.cloud.ecs.world import World


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    """ECS at 60 cloud seconds a second, or as the test's `factor` marker asks; no process outlives it."""
    made = World(tmp_path, getattr(request, "param", 60))
    yield made
    made.ecs.stop()
    left = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    assert not [command for command in left if str(tmp_path) in " ".join(command) or "time.sleep(600)" in str(command)]
