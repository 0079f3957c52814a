"""The wheel, in an environment and a folder of its own: what a user gets from `pip install bluegreen`."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent

FOREIGN_APP = """
import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs
from bluegreen.cdk import BlueGreenService, HttpCheck, SmokeTests

app = cdk.App()
stack = cdk.Stack(app, "Foreign")
cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
checks = SmokeTests(HttpCheck("/"))
BlueGreenService(stack, "Web", cluster=cluster, image=image, container_port=8080, hooks=[checks])
app.synth()
"""


def run(*command: str | Path, cwd: Path, **extra: str) -> str:
    """Run a command that sees nothing of this checkout but what it is given."""
    environment = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    environment |= {"PATH": f"{BIN}{os.pathsep}{environment['PATH']}", "JSII_NODE": str(BIN / "node")} | extra
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the checkout, by way of the sdist, as a publisher would."""
    folder = tmp_path_factory.mktemp("dist")
    run(BIN / "uv", "build", "--quiet", "--out-dir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment that has the wheel and what the lock file gives it, and nothing else."""
    folder = tmp_path_factory.mktemp("environment")
    export = run(BIN / "uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", "--no-hashes", cwd=ROOT)
    (folder / "constraints.txt").write_text(export)
    run(BIN / "uv", "venv", "--quiet", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    constraints = folder / "constraints.txt"
    # Compiled like pip does: byte code beside the Lambda sources must not change an asset's hash.
    run(
        *(BIN / "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python, "-c", constraints, wheel),
        cwd=folder,
    )
    return python


def assets(assembly: Path) -> dict[str, set[str]]:
    """Return the zips of an assembly: the file's name, which holds the hash, to the names inside."""
    return {path.name: set(zipfile.ZipFile(path).namelist()) for path in assembly.glob("asset.*.zip")}


def test_a_foreign_app_synthesizes_from_the_wheel_alone(wheel: Path, installed: Path, tmp_path: Path) -> None:
    """With only the wheel, an app elsewhere gets the same Lambda assets as an app that uses the checkout."""
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if "__pycache__" in name]
    (tmp_path / "app.py").write_text(FOREIGN_APP)
    found = {}
    for name, python, extra in (
        ("wheel", installed, {}),
        ("checkout", Path(sys.executable), {"PYTHONPATH": str(ROOT / "constructs")}),
    ):
        out = tmp_path / name
        run(python, "app.py", cwd=tmp_path, CDK_OUTDIR=str(out), **extra)
        template = json.loads((out / "Foreign.template.json").read_text())
        assert "AWS::ECS::Service" in {resource["Type"] for resource in template["Resources"].values()}
        found[name] = assets(out)
    assert found["wheel"]
    assert found["wheel"] == found["checkout"]


def test_the_command_runs_without_what_only_rehearsals_need(installed: Path, tmp_path: Path) -> None:
    """`bluegreen --help` works from the bare wheel, without the rehearsal's dependencies."""
    assert "rehearse" in run(installed.parent / "bluegreen", "--help", cwd=tmp_path)
