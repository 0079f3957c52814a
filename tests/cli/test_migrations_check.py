"""`bluegreen migrations check`, with a real PostgreSQL and real Alembic projects."""

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bluegreen.cli import main

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def check(*arguments: str, config: Path = ROOT / "bluegreen.toml") -> Result:
    return CliRunner().invoke(main, ["migrations", "check", "--config", str(config), *arguments])


def test_the_examples_own_history_passes() -> None:
    """All revisions of the example are run from an empty database, and exit code 0 says that a release may, too."""
    end = check()
    assert end.exit_code == 0, end.output
    assert "5 revisions: 0 findings block" in end.stdout
    assert "0003: taken back and run again, the schema follows exactly" in end.stdout
    assert "not compared with the models of the version that serves: give its checkout with --live" in end.stdout
    assert "PASSES: a release may run 0001, 0002, 0003, 0004, 0005" in end.stdout


@pytest.mark.parametrize(
    ("branch", "postgres", "places"),
    [("drops-customer", "18", {"orders.customer"}), ("renames-product", "16", {"orders.product", "orders.article"})],
)
def test_a_branch_that_breaks_the_live_version_is_blocked(branch: str, postgres: str, places: set[str]) -> None:
    """The live version's models meet the migrated schema, and what they miss is named; exit code 1 blocks."""
    end = check("--ini", f"branches/{branch}/alembic.ini", "--live", str(ROOT), "--postgres", postgres, "--json")
    assert end.exit_code == 1, end.output
    found = json.loads(end.stdout)
    assert found["passed"] is False
    assert found["live"] == ["0005"]
    last = found["revisions"][-1]["report"]
    broken = [one["breaks"].partition(":")[0] for one in last["findings"] if one["rule"] == "breaks-live"]
    assert set(broken) == places
    assert all(not one["report"]["findings"] for one in found["revisions"][:-1])


def test_a_live_version_that_has_everything_leaves_nothing_to_judge() -> None:
    """Without a new revision the check says so, and passes."""
    end = check("--live", str(ROOT))
    assert end.exit_code == 0, end.output
    assert end.stdout.strip() == "no revision to judge: the live version and the candidate are both at 0005"


def copied(folder: Path) -> Path:
    """Copy the example and what says how it is checked; return the copy's bluegreen.toml."""
    shutil.copytree(ROOT / "examples" / "orders", folder / "app")
    lines = (ROOT / "bluegreen.toml").read_text().partition("[migrations]")
    table = ("[migrations]" + lines[2]).partition("[[")[0].replace("examples/orders", "app")
    (folder / "bluegreen.toml").write_text(table)
    return folder / "bluegreen.toml"


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("raise RuntimeError('no settings')", "the candidate: env.py fails: RuntimeError: no settings"),
        ("", "the candidate: env.py never called context.run_migrations()"),
        ("import os; os._exit(0)", "the candidate: its process ended with exit code 0 and told nothing"),
    ],
)
def test_a_project_that_cannot_be_run_is_no_verdict(tmp_path: Path, spoil: str, said: str) -> None:
    """A broken env.py is exit code 2 with what is wrong and a hint; silence is not a pass."""
    config = copied(tmp_path)
    (tmp_path / "app" / "migrations" / "env.py").write_text(spoil)
    end = check(config=config)
    assert end.exit_code == 2
    assert f"error: {said}" in end.stderr
    assert "hint: " in end.stderr
    assert end.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--live", str(ROOT / "docs")), "is no checkout of this project"),
        (("--ini", "none.ini"), "no Alembic configuration at none.ini"),
        (("--since", "9999"), "the project has no revision 9999"),
    ],
)
def test_bad_input_is_one_line_a_hint_and_exit_code_2(arguments: tuple[str, ...], said: str) -> None:
    """Nothing that was asked wrongly looks like a verdict."""
    end = check(*arguments)
    assert end.exit_code == 2
    assert said in end.stderr
    assert "hint: " in end.stderr
