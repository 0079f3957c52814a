"""The three stacks, synthesized once."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.environments import ENVIRONMENTS
from stacks.service_stack import ServiceStack

ROOT = Path(__file__).parents[2]


def new_app(folder: Path) -> tuple[cdk.App, list[ServiceStack]]:
    """Return an app as `cdk` would run it, with cdk.json's feature flags, and its three stacks."""
    app = cdk.App(outdir=str(folder), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    return app, [ServiceStack(app, environment=environment, version="v7") for environment in ENVIRONMENTS.values()]


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the synthesized app."""
    app, _ = new_app(tmp_path_factory.mktemp("assembly"))
    return Path(app.synth().directory)


@pytest.fixture(scope="session")
def templates(assembly: Path) -> Mapping[str, dict[str, Any]]:
    """Each environment's template."""
    return {
        name: json.loads((assembly / f"{environment.stack_name}.template.json").read_text())
        for name, environment in ENVIRONMENTS.items()
    }
