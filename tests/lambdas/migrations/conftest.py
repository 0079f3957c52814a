"""The migration function's world, and a run in it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.lambdas.migrations.world import ENVIRONMENT, SETTINGS, Machine, MigrationWorld, hook


@pytest.fixture
def world(aws: Any, monkeypatch: pytest.MonkeyPatch) -> MigrationWorld:
    """A deployment under way, an empty ledger, an image that has nothing pending."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return MigrationWorld(aws)


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Changes the construct's settings."""

    def change(**settings: Any) -> None:
        monkeypatch.setenv("BLUEGREEN_SETTINGS", json.dumps(SETTINGS | settings))

    return change


@pytest.fixture
def release(world: MigrationWorld) -> Callable[..., Machine]:
    """Runs the migration of a deployment to its end."""

    def run(deployment: str = "d-1") -> Machine:
        world.deployments.setdefault(deployment, {"status": "InProgress", "creator": "user"})
        assert hook(deployment)["status"] == "InProgress"
        machine = Machine(world, deployment)
        machine.run()
        return machine

    return run
