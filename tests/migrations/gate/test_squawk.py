"""Nothing but a whole answer of the pinned squawk counts: silence is no pass."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from bluegreen.migrations.gate import judge, squawk
from bluegreen.release.migrations.findings import Phase

VERSION = f'[ "$1" = --version ] && echo "squawk {squawk.VERSION}" && exit 0\n'
REAL = Path(sys.executable).with_name("squawk")


@pytest.fixture
def instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts a program in squawk's place."""

    def put(script: str) -> None:
        program = tmp_path / "squawk"
        program.write_text(f"#!/bin/sh\n{script}")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    squawk._program.cache_clear()
    yield put
    squawk._program.cache_clear()


def broken() -> str:
    from test_judging import revision  # noqa: PLC0415 - a helper, not a fixture

    (found,) = judge([revision("ALTER TABLE orders ADD a text")], {})["r1"]
    assert found.rule == "gate-broken"
    assert found.blocks(Phase.CONTRACT)
    return found.statement


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo "squawk 2.71.0"', "squawk must be 2.70.0, got squawk 2.71.0"),
        ("exit 0", "got no version"),
        (f"{VERSION}kill -SEGV $$", "exit code -11"),
        (f"{VERSION}exit 0", "cannot say how it reads"),
        (f"{VERSION}exit 2", "exit code 2"),
        (f'{VERSION}[ "$2" = --debug ] && exec {REAL} "$@"\necho "[]"', "did not object"),
        (f'{VERSION}[ "$2" = --debug ] && exec {REAL} "$@"\nexit 1', "cannot be read"),
        (f'{VERSION}[ "$2" = --debug ] && exec {REAL} "$@"\necho \'[{{"rule": 1}}]\'; exit 1', "cannot be read"),
        (f'{VERSION}[ "$2" = --debug ] && exec {REAL} "$@"\nexit 101', "exit code 101"),
        (f'{VERSION}{REAL} "$@" | head -n 5', "did not read the statements to their end"),
    ],
    ids=["newer", "no-version", "crash", "silent", "usage", "empty", "no-output", "other-output", "panic", "cut-off"],
)
def test_a_squawk_that_does_not_answer_blocks(instead: Callable[[str], None], script: str, said: str) -> None:
    """Another version, a crash, silence, an empty or a cut-off answer: each blocks, and says which."""
    instead(script)
    assert said in broken()


def test_no_squawk_blocks(instead: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image without the extra cannot judge, so nothing passes."""
    instead("exit 1")
    (tmp_path / "squawk").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not installed" in broken()


def test_squawk_that_hangs_blocks(instead: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a limited time."""
    instead(f"{VERSION}exec sleep 60")
    monkeypatch.setattr(squawk, "_SECONDS", 0.3)
    assert "cannot be run (TimeoutExpired)" in broken()


def test_the_version_is_the_one_that_the_image_gets() -> None:
    """The gate's version, the extra's and the installed one are the same."""
    assert version("squawk-cli") == squawk.VERSION
    pinned = Path(__file__).parents[3].joinpath("pyproject.toml").read_text()
    assert f'"squawk-cli=={squawk.VERSION}"' in pinned


def test_the_gate_writes_no_file(tmp_path: Path) -> None:
    """It works in a container whose file system is read-only, and reads no configuration from where it runs."""
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-drop-column"]')
    code = (
        "from bluegreen.migrations.gate.squawk import lint\n"
        "print([one.rule for one in lint('DROP VIEW a', transactional=True, ask_for=())])"
    )
    environment = {**os.environ, "TMPDIR": "/nowhere"}
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert b"ban-drop-view" in done.stdout
    assert [one.name for one in tmp_path.iterdir()] == [".squawk.toml"]
