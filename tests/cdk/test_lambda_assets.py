import shutil
import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk import _lambda_assets
from bluegreen.cdk._lambda_assets import staged

HANDLERS = {
    "guardrails": "drift.py",
    "journeys": "journey_handler.py",
    "lifecycle": "smoke_tests.py",
    "migrations": "migration_handler.py",
    "recovery": "recovery_handler.py",
    "release": "handler.py",
    "watching": "status_feed.py",
}
"""The module of each family that a function names."""
_FOLDERS = {one.parent.name for one in (_lambda_assets._PACKAGE.parent.parent / "lambdas").glob("*/*.py")}
FAMILIES = sorted(_FOLDERS - {_lambda_assets._SHARED})
"""Every folder of functions, so that none is forgotten here."""


@pytest.fixture(autouse=True)
def _fresh() -> None:
    staged.cache_clear()


def fingerprint(name: str) -> str:
    staged.cache_clear()
    return str(cdk.FileSystem.fingerprint(str(staged(name))))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package as the wheel lays it out, with byte code in it, and no checkout around it."""
    package = tmp_path / "site-packages" / "bluegreen"
    shutil.copytree(_lambda_assets._PACKAGE / "release", package / "release")
    shutil.copytree(_lambda_assets._PACKAGE.parent.parent / "lambdas", package / "_lambdas")
    for folder in (package / "release", package / "_lambdas" / "release", package / "_lambdas" / "lifecycle"):
        (folder / "__pycache__").mkdir(exist_ok=True)
        (folder / "__pycache__" / "x.cpython-314.pyc").write_bytes(b"byte code")
        (folder / "stray.pyc").write_bytes(b"byte code")
    monkeypatch.setattr(_lambda_assets, "_PACKAGE", package)
    return package


@pytest.mark.parametrize("name", FAMILIES)
def test_an_asset_is_the_same_twice(name: str) -> None:
    """Staging again gives the same hash."""
    assert fingerprint(name) == fingerprint(name)


@pytest.mark.parametrize("name", FAMILIES)
def test_an_asset_is_the_same_from_checkout_and_wheel(name: str, request: pytest.FixtureRequest) -> None:
    """The wheel's byte code changes no hash."""
    checkout = fingerprint(name)
    request.getfixturevalue("installed")
    assert fingerprint(name) == checkout


def test_a_change_of_the_domain_changes_the_asset(installed: Path) -> None:
    """The hash follows the shipped domain, so a fix in it reaches the function."""
    before = fingerprint("release")
    with (installed / "release" / "lifecycle.py").open("a") as file:
        file.write("# changed\n")
    assert fingerprint("release") != before


@pytest.mark.parametrize("name", FAMILIES)
def test_an_asset_holds_the_handler_and_the_domain_and_is_small(name: str, tmp_path: Path) -> None:
    """Only Python files are shipped, the domain under its own name, and the zip stays below 300 kB."""
    folder = staged(name)
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {path.rpartition(".")[2] for path in files} == {"py"}
    assert {"bluegreen/__init__.py", "bluegreen/release/checks.py"} <= files
    assert {HANDLERS[name], "hook_runtime.py"} <= files
    with zipfile.ZipFile(tmp_path / "asset.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(folder / path, path)
    assert (tmp_path / "asset.zip").stat().st_size < 300_000


def test_missing_sources_are_named() -> None:
    """An installation without the function's sources is told where they were looked for."""
    with pytest.raises(FileNotFoundError, match=r"no Lambda sources at .*nowhere.*; reinstall bluegreen"):
        staged("nowhere")
