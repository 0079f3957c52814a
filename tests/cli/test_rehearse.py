import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import click
import pytest
from click.testing import CliRunner, Result

import bluegreen
from bluegreen.cli import main
from bluegreen.errors import BluegreenError
from bluegreen.rehearsal import parts
from bluegreen.rehearsal import rehearsal as module
from bluegreen.rehearsal.cloudformation import ABSENT
from bluegreen.rehearsal.evidence import Evidence
from bluegreen.rehearsal.left_out import LeftOut
from bluegreen.rehearsal.scenarios import SCENARIOS
from bluegreen.rehearsal.workload import Workload
from tests.rehearsal.made_up import INSTALL_FAILED, deploy, evidence, result, rolled_back, turned_back

GOOD = {
    "release": evidence(),
    "rejected-by-smoke-test": rolled_back(),
    "errors-after-shift": turned_back(),
    "crash-at-start": rolled_back(events=[INSTALL_FAILED]),
    "destroyed": evidence(deploys=(deploy(version="", destroys=True, stack_status=ABSENT),)),
}


class PlayedRehearsal:
    """A rehearsal whose scenarios end with the evidence that a test gives."""

    evidence: dict[str, Evidence] = GOOD

    def __init__(self, _settings: Any, _workload: Any, folder: Path, show: Any) -> None:
        self.show = show
        self.cloud = SimpleNamespace(
            environment=lambda: {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, ready=SimpleNamespace(ca="/tmp/ca.pem")
        )
        (folder / "cloud.log").touch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def deploy_first(self) -> None:
        self.show.say("deploying")

    def left_out(self) -> LeftOut:
        return LeftOut()

    def play_all(self, scenarios: Any) -> list[Any]:
        return [result(scenario, self.evidence[scenario.name]) for scenario in scenarios]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> type[PlayedRehearsal]:
    monkeypatch.setattr(module, "Rehearsal", PlayedRehearsal)
    monkeypatch.setattr(parts, "check_parts", lambda *_: Workload())
    return PlayedRehearsal


def run(*arguments: str) -> Result:
    before = signal.getsignal(signal.SIGTERM)
    try:
        return CliRunner().invoke(main, ["rehearse", *arguments])
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("played")
def test_json_is_all_that_standard_output_gets() -> None:
    """With --json, standard output is one JSON document and progress goes elsewhere."""
    end = run("--json")
    document = json.loads(end.stdout)
    assert end.exit_code == 0
    assert document["stack"] == "ProdStack"
    assert document["held"] is True
    assert [scenario["name"] for scenario in document["scenarios"]] == list(GOOD)
    assert "deploying" in end.stderr


@pytest.mark.usefixtures("played")
def test_scenarios_can_be_chosen() -> None:
    """--scenario may be repeated, and only those are played."""
    document = json.loads(run("--json", "--scenario", "release", "--scenario", "crash-at-start").stdout)
    assert [scenario["name"] for scenario in document["scenarios"]] == ["release", "crash-at-start"]


def test_one_scenario_that_does_not_hold_is_exit_code_1(
    played: type[PlayedRehearsal], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code tells a pipeline that something did not hold; the logs are kept, and where is said."""
    monkeypatch.setattr(played, "evidence", GOOD | {"release": rolled_back()})
    end = run()
    assert end.exit_code == 1
    assert "4 of 5 scenarios held" in end.stdout
    folder = Path(end.stderr.partition("logs are kept in ")[2].strip())
    assert (folder / "cloud.log").exists()
    (folder / "cloud.log").unlink()
    folder.rmdir()


@pytest.mark.usefixtures("played")
def test_people_get_a_table() -> None:
    """Without --json the report for people goes to standard output."""
    end = run()
    assert end.exit_code == 0
    assert "5 of 5 scenarios held" in end.stdout
    assert "Emulated" in end.stdout


def test_keeping_the_cloud_says_how_to_reach_it(played: type[PlayedRehearsal], monkeypatch: pytest.MonkeyPatch) -> None:
    """--keep prints what to export, waits for Ctrl-C, and still tells whether the scenarios held."""

    def interrupted() -> None:
        raise KeyboardInterrupt

    # The command hides its module of the same name from a dotted path.
    monkeypatch.setattr(sys.modules["bluegreen.cli.rehearse"], "wait_for_ever", interrupted)
    end = run("--keep", "--json")
    assert end.exit_code == 0
    assert json.loads(end.stdout)["held"]
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566" in end.stderr
    assert "export SSL_CERT_FILE=/tmp/ca.pem" in end.stderr
    assert played


def test_the_scenarios_can_be_listed() -> None:
    """--list shows each scenario with what it is about, and plays none."""
    end = run("--list")
    assert end.exit_code == 0
    assert all(scenario.name in end.stdout and scenario.summary in end.stdout for scenario in SCENARIOS)
    assert [entry["name"] for entry in json.loads(run("--list", "--json").stdout)] == [one.name for one in SCENARIOS]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scenario", "relaese"), "error: there is no scenario 'relaese'; there are alarm-still-red,"),
        (("--group", "unsafe"), "error: there is no group 'unsafe'"),
        (("--app-dir", "{empty}"), "error: no cdk.json in {empty}"),
        (("--app-dir", "{app}"), "error: no bluegreen.toml in {app}"),
        (("--factor", "0"), "'--factor': 0.0 is not in the range"),
        (("--app-dir", "/does/not/exist"), "does not exist"),
        (("-c", "staging"), "'-c' / '--context': 'staging' must be KEY=VALUE, such as environment=staging"),
        (("-c", "=staging"), "'=staging' must be KEY=VALUE"),
        (("-c", "version=v2"), "'-c' / '--context': each deploy is given a version of the rehearsal's own"),
    ],
)
def test_bad_input_is_one_line_a_hint_and_exit_code_2(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """What cannot be rehearsed is refused before anything starts, without a traceback."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "cdk.json").write_text('{"app": "python app.py"}')
    places = {"empty": str(tmp_path / "empty"), "app": str(tmp_path / "app")}
    end = run(*(argument.format(**places) for argument in arguments))
    assert end.exit_code == 2
    assert said.format(**places) in end.stderr
    assert "Traceback" not in end.output
    assert end.stdout == ""


@pytest.mark.parametrize(("hint", "printed"), [("do this", "error: no\nhint: do this\n"), (None, "error: no\n")])
def test_an_error_for_people_has_no_traceback(monkeypatch: pytest.MonkeyPatch, hint: str | None, printed: str) -> None:
    """Any command that ends with a BluegreenError prints it, its hint, and ends with its exit code."""

    class ParticularError(BluegreenError):
        exit_code = 7

    @click.command()
    def broken() -> None:
        raise ParticularError("no", hint=hint)

    monkeypatch.setitem(main.commands, "broken", broken)
    end = CliRunner().invoke(main, ["broken"])
    assert (end.exit_code, end.stderr) == (7, printed)


def test_the_version_is_told() -> None:
    """--version prints the package's version."""
    assert bluegreen.__version__ in CliRunner().invoke(main, ["--version"]).stdout


def test_help_answers_at_once() -> None:
    """`bluegreen --help` takes less than 0.3 s of the processor, however busy the machine is."""
    command = [sys.executable, "-c", "from bluegreen.cli import main; main(['--help'])"]
    times = []
    for _ in range(3):
        before = os.times()
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.3


def commands(group: click.Group) -> Iterator[click.Command]:
    for command in group.commands.values():
        yield command
        if isinstance(command, click.Group):
            yield from commands(command)


def test_every_option_has_help() -> None:
    """Every option of every command says what it does."""
    silent = [
        f"{command.name} {parameter.name}"
        for command in commands(main)
        for parameter in command.params
        if isinstance(parameter, click.Option) and not parameter.help
    ]
    assert not silent
    assert all(command.help for command in commands(main))


INTERRUPTED = """
import os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may have it ignored
from bluegreen.cli import main
from bluegreen.rehearsal import parts
from bluegreen.rehearsal import parts, rehearsal as module
from bluegreen.rehearsal.workload import Workload

class Waiting:
    def __init__(self, settings, workload, folder, show):
        self.folder = folder
    def __enter__(self):
        return self
    def __exit__(self, *_):
        print("ended", flush=True)
    def deploy_first(self):
        print(self.folder, flush=True)
        time.sleep(60)

module.Rehearsal, parts.check_parts = Waiting, lambda *_: Workload()
main(["rehearse"])
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_an_interrupted_rehearsal_leaves_nothing(number: signal.Signals, code: int) -> None:
    """Ctrl-C, SIGTERM and a closed terminal end everything in order, remove the folder, and set the exit code."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        assert folder.is_dir()
        os.kill(process.pid, number)
        output, errors = process.communicate(timeout=30)
    assert process.returncode == code
    assert output == "ended\n"
    assert "Traceback" not in errors
    assert not folder.exists()
