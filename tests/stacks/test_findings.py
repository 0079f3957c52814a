"""What linters say about the stacks: nothing that is not acknowledged with a reason."""

import subprocess
import sys
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import Acknowledgment
from constructs import IConstruct

from bluegreen.cdk import _acknowledge
from stacks.environments import ENVIRONMENTS
from stacks.reference import define_reference
from tests.cdk.nagging import findings
from tests.stacks.conftest import ROOT


def define(app: cdk.App) -> None:
    """Define every environment."""
    define_reference(app, list(ENVIRONMENTS.values()), version="v7")


def test_cfn_lint_finds_nothing(assembly: Path) -> None:
    """cfn-lint has no error and no warning on any of the seven templates."""
    templates = sorted(map(str, assembly.glob("*Stack.template.json")))
    assert len(templates) == 7
    run = subprocess.run(
        [str(Path(sys.executable).parent / "cfn-lint"), "--", *templates],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stdout) == (0, ""), run.stdout + run.stderr


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(tmp_path: Path) -> None:
    """Neither AwsSolutions nor NIST 800-53 has a finding left on any of the stacks."""
    assert findings(tmp_path, define) == set()


def test_every_acknowledgement_of_a_service_is_needed_and_has_its_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without acknowledgements every acknowledged finding of a service appears, and no reason serves two rules."""
    acknowledged: list[tuple[str, str, str]] = []

    class Recorded:
        def __init__(self, scope: IConstruct) -> None:
            self._path = scope.node.path

        @classmethod
        def of(cls, scope: IConstruct) -> "Recorded":
            return cls(scope)

        def acknowledge(self, *found: Acknowledgment) -> None:
            acknowledged.extend((self._path, one.id.partition("::")[2], one.reason) for one in found)

    monkeypatch.setattr(_acknowledge, "Validations", Recorded)
    found = findings(tmp_path, define)
    of_services = ("/Orders/", "/BlueGreenRelease")
    unneeded = [
        (scope, rule)
        for scope, rule, _ in acknowledged
        if any(part in f"{scope}/" for part in of_services)
        and not any(f"{path}/".startswith(f"{scope}/") and rule == name for path, name in found)
    ]
    assert unneeded == []
    rules = {(rule.split("[")[0], reason) for _, rule, reason in acknowledged}
    assert all(len(reason.split()) >= 4 for _, reason in rules)
    assert [reason for _, reason in rules if len({rule for rule, one in rules if one == reason}) > 1] == []
