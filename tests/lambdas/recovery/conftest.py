"""The world that a recovery happens in."""

import pytest

from tests.lambdas.conftest import FakeAws

from .world import ENVIRONMENT, World


@pytest.fixture
def world(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> World:
    """An account with a live database of a thousand orders."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return World(aws)
