import json
import sys
from dataclasses import replace
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from bluegreen.cli import main
from bluegreen.cli.migrations_view import record_text
from bluegreen.operations import aws, waiting
from bluegreen.release.migrations.ledger import AfterRelease, Mode
from tests.operations.deployed import ADDS_NOTE, CALLER, MIGRATED, PLANNED, REFUSED, Deployed, FakeTime


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> Deployed:
    given = Deployed()
    monkeypatch.setattr(aws, "clients", lambda: given)
    monkeypatch.setattr(waiting, "RealTime", FakeTime)
    return given


def call(*arguments: str, says: str | None = None, stack: str = "Prod") -> Result:
    return CliRunner().invoke(main, ["migrations", *arguments, "--stack", stack], input=says)


@pytest.fixture
def _at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    # The command hides its module of the same name from a dotted path.
    monkeypatch.setattr(sys.modules["bluegreen.cli.migrations"], "_can_ask", lambda: True)


def started(deployed: Deployed) -> list[str]:
    return [event["mode"] for event in deployed.asked if event["step"] == "start"]


def test_status_tells_the_schema_the_lease_and_the_runs(deployed: Deployed) -> None:
    """A person sees where the schema is, who works on it, and what the newest runs did."""
    deployed.status["runs"] = [
        replace(REFUSED, id="d-3", mode=Mode.RUN, version="v3").to_dict(),
        replace(MIGRATED, release=AfterRelease.KEPT).to_dict(),
    ]
    end = call("status")
    assert end.exit_code == 0
    assert end.stdout == (
        "service   orders\n"
        "database  orders-db\n"
        "schema    b2\n"
        "works     with images at a1; b2\n"
        "image     orders@sha256:2\n"
        "lease     free\n"
        "\n"
        "started           run  mode  version  outcome   schema    afterwards\n"
        "2026-01-31 11:55  d-3  run   v3       refused   a1\n"
        "  refused before it ran\n"
        "2026-01-31 11:55  d-2  run   v2       migrated  a1 -> b2  kept\n"
    )


def test_status_tells_what_is_not_as_it_should_be(deployed: Deployed) -> None:
    """A half-done schema and a held lease are told with what they are."""
    deployed.status["state"]["dirty"] = "index orders_note is invalid"
    deployed.status["lease"] = {"token": 7, "holder": "arn:execution:d-9", "machine": "m", "expires": 1769860800}
    shown = call("status").stdout
    assert "not clean: index orders_note is invalid" in shown
    assert "held by arn:execution:d-9 (token 7), until 2026-01-31 12:00 UTC at the latest" in shown


def test_status_of_a_database_that_no_run_has_seen(deployed: Deployed) -> None:
    """An empty ledger is no error."""
    deployed.status |= {"state": None, "lease": None, "runs": []}
    shown = call("status").stdout
    assert "unknown: no run has looked at it yet" in shown
    assert "lease     free" in shown
    assert "no run yet" in shown


def test_status_as_json_is_the_ledgers_document(deployed: Deployed) -> None:
    """With --json, standard output is one document with the function's members."""
    assert json.loads(call("status", "--json").stdout) == json.loads(json.dumps(deployed.status))


def test_a_plan_shows_what_is_pending(deployed: Deployed) -> None:
    """A plan that may run is exit code 0; progress goes to the other output."""
    end = call("plan")
    assert end.exit_code == 0
    assert "pending: 1 pending from a1 to b2: b2" in end.stdout
    assert end.stdout.endswith("b2  Add a note  (expand, reversible)\n")
    assert end.stderr == "plan plan-1: running\nplan plan-1: pending\n"
    assert started(deployed) == ["plan"]


def test_a_refused_plan_is_a_review_and_exit_code_1(deployed: Deployed) -> None:
    """Findings are shown as a reviewer would write them."""
    deployed.ends["plan"] = REFUSED
    end = call("plan")
    assert end.exit_code == 1
    assert "refused: refused before it ran" in end.stdout
    assert "BLOCKS outside a contract release: drop-column" in end.stdout
    assert "ALTER TABLE orders DROP COLUMN note" in end.stdout


def test_a_record_as_json_is_all_that_standard_output_gets(deployed: Deployed) -> None:
    """With --json, standard output is the record of the run, of the last one when there are two."""
    assert json.loads(call("plan", "--json").stdout) == json.loads(json.dumps(PLANNED.to_dict()))
    assert json.loads(call("run", "--json", "--yes").stdout)["id"] == "run-1"
    assert started(deployed) == ["plan", "plan", "run"]


@pytest.mark.parametrize(("attempts", "said"), [(1, "took 0.2 s\n"), (3, "took 0.2 s, begun 3 times\n")])
def test_a_record_says_how_long_each_revision_took(deployed: Deployed, attempts: int, said: str) -> None:
    """And how often it was begun, when it had to wait for a lock."""
    deployed.ends["run"] = replace(MIGRATED, revisions=(ADDS_NOTE | {"attempts": attempts},))
    assert call("run", "--yes").stdout.endswith(f"b2  Add a note  (expand, reversible)\n  {said}")


def test_what_blocks_is_red_on_a_terminal() -> None:
    """Colours are written where a terminal takes them; elsewhere click leaves them out."""
    assert click.style("  BLOCKS outside a contract release: drop-column", fg="red") in record_text(REFUSED)


@pytest.mark.usefixtures("_at_a_terminal")
@pytest.mark.parametrize(("says", "modes", "code"), [("y\n", ["plan", "run"], 0), ("n\n", ["plan"], 1)])
def test_a_run_asks_after_it_has_shown_the_plan(deployed: Deployed, says: str, modes: list[str], code: int) -> None:
    """Nothing is migrated unless somebody who saw the plan says yes."""
    end = call("run", says=says)
    assert end.exit_code == code
    assert started(deployed) == modes
    assert end.stderr.index("Add a note") < end.stderr.index("Migrate orders-db? [y/N]")
    assert ("migrated: migrated from a1 to b2" in end.stdout) == (code == 0)
    assert ("nothing was changed" in end.stderr) == (code == 1)


@pytest.mark.parametrize(
    ("planned", "code"),
    [
        (replace(PLANNED, outcome="nothing-pending", message="nothing is pending", revisions=()), 0),
        (replace(PLANNED, outcome="ahead", message="nothing done", revisions=()), 0),
        (REFUSED, 1),
    ],
)
def test_a_plan_with_nothing_to_run_ends_a_run(deployed: Deployed, planned: Any, code: int) -> None:
    """Nothing pending needs no question, and what is refused cannot be answered with yes."""
    deployed.ends["plan"] = planned
    end = call("run", "--yes")
    assert end.exit_code == code
    assert started(deployed) == ["plan"]


def test_a_run_that_fails_is_exit_code_1(deployed: Deployed) -> None:
    """The database's words and what verification found are shown."""
    deployed.ends["run"] = replace(
        MIGRATED, outcome="dirty", passed=False, message="run failed at revision b2", problems=("index i is invalid",)
    )
    end = call("run", "--yes")
    assert end.exit_code == 1
    assert "dirty: run failed at revision b2" in end.stdout
    assert "look at   index i is invalid" in end.stdout


@pytest.mark.parametrize("command", [("run",), ("downgrade", "--to", "a1")])
def test_nobody_is_asked_without_a_terminal(deployed: Deployed, command: tuple[str, ...]) -> None:
    """A script that forgets --yes is told so before anything is started."""
    end = call(*command)
    assert end.exit_code == 2
    assert end.stderr == (
        "error: nobody can be asked: standard input is no terminal\nhint: --yes goes on without asking\n"
    )
    assert deployed.asked == []


@pytest.mark.usefixtures("_at_a_terminal")
@pytest.mark.parametrize(("says", "modes"), [("y\n", ["downgrade"]), ("n\n", [])])
def test_a_downgrade_shows_what_it_takes_back_and_asks(deployed: Deployed, says: str, modes: list[str]) -> None:
    """The revisions come from the ledger, and the image is the one that brought them."""
    deployed.ends["downgrade"] = replace(MIGRATED, mode=Mode.DOWNGRADE, before=("b2",), after=("a1",))
    end = call("downgrade", "--to", "a1", says=says)
    assert started(deployed) == modes
    assert "schema    b2 -> a1\nimage     orders@sha256:2\n" in end.stderr
    assert "  b2  Add a note  (expand, reversible)\n" in end.stderr
    assert "Take orders-db back to a1? [y/N]" in end.stderr
    if modes:
        assert {"step": "start", "mode": "downgrade", "to": "a1", "by": CALLER} in deployed.asked


@pytest.mark.parametrize(
    ("to", "said"), [("zz", "the newest 1 runs do not lead to zz"), ("b2", "takes back, in this order:\n  nothing\n")]
)
def test_a_downgrade_says_what_the_ledger_does_not_know(deployed: Deployed, to: str, said: str) -> None:
    """An unknown revision is left to the runner, and the one that is there takes nothing back."""
    deployed.ends["downgrade"] = replace(MIGRATED, mode=Mode.DOWNGRADE)
    assert said in call("downgrade", "--to", to, "--yes").stderr


def test_a_restore_plan_is_read_and_not_done(deployed: Deployed) -> None:
    """The loss stands before the first step, and nothing is started."""
    end = call("restore-plan")
    assert end.exit_code == 0
    assert end.stdout.index("every write since 2026-01-31T11:58:00Z") < end.stdout.index("1. Stop every writer")
    assert "aws rds restore-db-instance-from-db-snapshot" in end.stdout
    assert started(deployed) == []
    assert json.loads(call("restore-plan", "d-2", "--json").stdout)["run"] == "d-2"


def test_a_restore_plan_without_a_restore_point_is_an_error(deployed: Deployed) -> None:
    """A record without one says so."""
    deployed.status["runs"] = [PLANNED.to_dict()]
    end = call("restore-plan", "plan-1")
    assert end.exit_code == 2
    assert end.stderr.startswith("error: run plan-1 made no restore point")


def test_ctrl_c_leaves_the_run_running(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is AWS's; how to follow it is said."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(FakeTime, "sleep", interrupted)
    end = call("plan")
    assert end.exit_code == 130
    assert "run plan-1 goes on without you; `bluegreen migrations status --stack Prod` shows it" in end.stderr
    assert started(deployed) == ["plan"]


def test_an_error_of_aws_is_one_line_and_a_hint(deployed: Deployed) -> None:
    """What cannot be carried out is exit code 2, without a traceback."""
    end = call("status", stack="Dev")
    assert end.exit_code == 2
    assert end.stderr == (
        "error: there is no stack 'Dev' in this account and region\n"
        "hint: name a deployed stack with --stack, and look at AWS_PROFILE and AWS_REGION\n"
    )
    assert deployed.asked == []


def test_a_contract_release_that_passed_shows_what_it_was_allowed(deployed: Deployed) -> None:
    """Findings that pass only there are told as such."""
    revision = ADDS_NOTE | {"revision": "c3", "phase": "contract"}
    deployed.ends["plan"] = replace(REFUSED, passed=True, outcome="pending", revisions=(revision,))
    assert "passes in this contract release: drop-column" in call("plan").stdout
