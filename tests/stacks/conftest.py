"""The three environments' stacks, synthesized once."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from stacks.environments import ENVIRONMENTS, Environment
from stacks.reference import define_reference

ROOT = Path(__file__).parents[2]


def new_app(folder: Path) -> cdk.App:
    """Return an app as `cdk` would run it, with cdk.json's feature flags, and the stacks of every environment."""
    app = cdk.App(outdir=str(folder), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    define_reference(app, list(ENVIRONMENTS.values()), version="v7")
    return app


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the synthesized app."""
    return Path(new_app(tmp_path_factory.mktemp("assembly")).synth().directory)


@pytest.fixture(scope="session")
def templates(assembly: Path) -> Mapping[str, dict[str, Any]]:
    """The template of each environment's service."""
    return _read(assembly, lambda environment: environment.stack_name)


@pytest.fixture(scope="session")
def data_templates(assembly: Path) -> Mapping[str, dict[str, Any]]:
    """The template of each environment's network and database."""
    return _read(assembly, lambda environment: environment.data_stack_name)


def _read(assembly: Path, stack: Callable[[Environment], str]) -> Mapping[str, dict[str, Any]]:
    return {
        name: json.loads((assembly / f"{stack(environment)}.template.json").read_text())
        for name, environment in ENVIRONMENTS.items()
    }
