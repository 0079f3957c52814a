import shutil
import zipfile
from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk import _lambda_assets
from bluegreen.cdk._lambda_assets import zipped

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
    forget()


def forget() -> None:
    """Have the next zip be made anew."""
    zipped.cache_clear()
    _lambda_assets._domain.cache_clear()


def fingerprint(name: str) -> str:
    forget()
    return zipped(name).digest


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


def test_a_file_that_moves_changes_the_asset(installed: Path) -> None:
    """The hash follows the names of the files as well as what is in them."""
    before = fingerprint("release")
    shutil.move(installed / "release" / "lifecycle.py", installed / "release" / "lifecycles.py")
    assert fingerprint("release") != before


@pytest.mark.parametrize("name", FAMILIES)
def test_an_asset_holds_the_handler_and_the_domain_and_is_small(name: str) -> None:
    """Only Python files are shipped, the domain under its own name, and the zip stays below 300 kB."""
    path = zipped(name).path
    with zipfile.ZipFile(path) as archive:
        files = set(archive.namelist())
    assert {file.rpartition(".")[2] for file in files} == {"py"}
    assert {"bluegreen/__init__.py", "bluegreen/release/checks.py"} <= files
    assert {HANDLERS[name], "hook_runtime.py"} <= files
    assert path.stat().st_size < 300_000


def test_everybody_may_read_what_is_in_an_asset() -> None:
    """Lambda runs a function as a user of its own, who could not read files that only their owner may."""
    with zipfile.ZipFile(zipped("release").path) as archive:
        assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}


def test_the_hash_of_an_asset_is_the_one_that_is_deployed(tmp_path: Path) -> None:
    """A function's code in the template is named after what is in the zip."""
    app = cdk.App(outdir=str(tmp_path))
    _lambda_assets.lambda_code("release").bind(cdk.Stack(app, "Shop"))
    app.synth()
    (packed,) = tmp_path.glob("asset.*.zip")
    assert packed.read_bytes() == zipped("release").path.read_bytes()


def test_missing_sources_are_named() -> None:
    """An installation without the function's sources is told where they were looked for."""
    with pytest.raises(FileNotFoundError, match=r"no Lambda sources at .*nowhere.*; reinstall bluegreen"):
        zipped("nowhere")
