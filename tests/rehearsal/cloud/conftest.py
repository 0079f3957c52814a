from collections.abc import Iterator

import pytest

from tests.rehearsal.cloud.running import Cloud, started


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A ministack with one made-up service and one made-up resource type."""
    with started("extended_ministack.py", tmp_path_factory.mktemp("cloud")) as running:
        yield running
