"""The gallery's recovery stacks, synthesized once with both rule packs."""

import json
from pathlib import Path
from typing import Any

import pytest

from examples.gallery.recovery import define
from tests.cdk.nagging import Finding, findings


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, set[Finding]]:
    """The folder of the synthesized stacks, and what the packs find."""
    folder = tmp_path_factory.mktemp("recovery")
    return folder, findings(folder, define)


@pytest.fixture(scope="session")
def home(synthesized: tuple[Path, set[Finding]]) -> dict[str, Any]:
    """The resources of the stack with the data and the service."""
    return _resources(synthesized[0], "GalleryRecovery")


@pytest.fixture(scope="session")
def away(synthesized: tuple[Path, set[Finding]]) -> dict[str, Any]:
    """The resources of the stack with the copies."""
    return _resources(synthesized[0], "GalleryCopies")


def _resources(folder: Path, stack: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{stack}.template.json").read_text())["Resources"]
    return found
