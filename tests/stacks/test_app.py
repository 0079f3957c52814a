"""The app's command line: what `cdk -c …` may say, and what comes back when it says something else."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks.choice import Choice, ChoiceError
from tests.stacks.conftest import ROOT


def test_a_version_alone_chooses_every_environment() -> None:
    """`-c version=v2` is enough."""
    choice = Choice.from_context({"version": "v2"}.get)
    assert choice.version == "v2"
    assert [environment.name for environment in choice.environments] == ["dev", "staging", "prod"]


def test_one_environment_can_be_chosen() -> None:
    """`-c environment=prod` leaves the others out."""
    choice = Choice.from_context({"version": "v2", "environment": "prod"}.get)
    assert [environment.stack_name for environment in choice.environments] == ["ProdStack"]


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "version is missing; name the image's tag to deploy, such as -c version=v2"),
        ({"version": ""}, "version is missing; name the image's tag to deploy, such as -c version=v2"),
        ({"version": "a b"}, "version must be an image tag: 1-128 letters, .* got 'a b'"),
        ({"version": "-v2"}, "version must be an image tag: 1-128 letters, .* got '-v2'"),
        ({"version": "v" * 129}, "version must be an image tag: 1-128 letters, .* got 'v+'"),
        ({"version": 2}, "version must be an image tag: 1-128 letters, .* got 2"),
        ({"version": "latest"}, "version must be a tag that never moves, got 'latest'"),
        ({"version": "v2", "environment": "qa"}, "environment must be one of dev, staging, prod, got 'qa'; leave it"),
        ({"version": "v2", "environment": ""}, "environment must be one of dev, staging, prod, got ''; leave it"),
        ({"version": "v2", "permissions_boundary": ""}, "permissions_boundary must be the name of a managed policy"),
        ({"version": "v2", "permissions_boundary": "/a"}, "permissions_boundary must be .*, got '/a'"),
        ({"version": "v2", "permissions_boundary": "a b"}, "permissions_boundary must be .*, got 'a b'"),
    ],
)
def test_refuses_a_context_that_does_not_say_what_to_deploy(context: dict[str, Any], message: str) -> None:
    """A missing version, one that is no tag or moves, and an unknown environment are refused with what is allowed."""
    with pytest.raises(ChoiceError, match=f"^{message}"):
        Choice.from_context(context.get)


def synthesize(folder: Path, context: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Run app.py as the cdk CLI runs it: with what cdk.json sets, and what the command line adds."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | context
    return subprocess.run(
        [sys.executable, "app.py"],
        cwd=ROOT,
        # jsii keeps its cache at home.
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": os.environ["HOME"],
            "CDK_OUTDIR": str(folder),
        }
        | {"CDK_CONTEXT_JSON": json.dumps(context), "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "true"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({}, "error: version is missing; name the image's tag to deploy, such as -c version=v2"),
        (
            {"version": "v2", "environment": "qa"},
            "error: environment must be one of dev, staging, prod, got 'qa'; leave it out for all",
        ),
    ],
)
def test_a_refusal_is_one_line(tmp_path: Path, context: dict[str, str], message: str) -> None:
    """Whoever forgets the version reads one line, not a traceback, and the command fails."""
    run = synthesize(tmp_path, context)
    assert (run.returncode, run.stderr.strip(), list(tmp_path.iterdir())) == (1, message, [])


def test_one_environment_is_synthesized_without_an_account(tmp_path: Path) -> None:
    """The app needs no credentials and no region, and asks the CLI to look nothing up; a boundary bounds every role."""
    run = synthesize(tmp_path, {"version": "v2", "environment": "dev", "permissions_boundary": "teams/orders"})
    assert run.returncode == 0, run.stderr
    _require_bounded_roles(tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert "missing" not in manifest
    stacks = [item for item in manifest["artifacts"].values() if item["type"] == "aws:cloudformation:stack"]
    assert {stack["environment"] for stack in stacks} == {"aws://unknown-account/unknown-region"}
    assert {stack["properties"]["templateFile"] for stack in stacks} == {
        "DeliveryStack.template.json",
        "DevDataStack.template.json",
        "DevStack.template.json",
    }


def _require_bounded_roles(folder: Path) -> None:
    """Require that each role of each stack has the boundary."""
    every = [
        resource["Properties"].get("PermissionsBoundary", {"Fn::Join": ["", [""]]})["Fn::Join"][1][-1]
        for path in folder.glob("*.template.json")
        for resource in json.loads(path.read_text())["Resources"].values()
        if resource["Type"] == "AWS::IAM::Role"
    ]
    assert len(every) > 15
    assert set(every) == {":policy/teams/orders"}
