"""What linters say about the stacks: nothing that is not acknowledged with a reason."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks

from stacks import acknowledgements
from tests.stacks.conftest import ROOT, new_app

Finding = tuple[str, str]


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


def nag(folder: Path) -> set[Finding]:
    """Run cdk-nag's AwsSolutions pack on the app and return what it finds as construct paths and rules."""
    app = new_app(folder)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - the report says the rest
    (report,) = [
        plugin
        for plugin in json.loads((folder / "validation-report.json").read_text())["pluginReports"]
        if plugin["pluginName"] == "AwsSolutions"
    ]
    return {
        (construct["constructPath"], violation["ruleName"])
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    }


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(tmp_path: Path) -> None:
    """The AwsSolutions pack has no finding left on any of the stacks."""
    assert nag(tmp_path) == set()


def test_every_acknowledgement_is_needed_and_has_its_own_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without acknowledgements exactly the acknowledged findings appear, and no reason serves two rules."""
    acknowledged: list[tuple[str, str, str]] = []

    def record(scope: Any, reasons: dict[str, str]) -> None:
        acknowledged.extend((scope.node.path, f"AwsSolutions-{rule}", reason) for rule, reason in reasons.items())

    monkeypatch.setattr(acknowledgements, "_acknowledge", record)
    findings = nag(tmp_path)
    unneeded = [
        (scope, rule)
        for scope, rule, _ in acknowledged
        if not any(path.startswith(f"{scope}/") and rule == found for path, found in findings)
    ]
    assert unneeded == []
    in_production = [(rule.split("[")[0], reason) for scope, rule, reason in acknowledged if scope.startswith("Prod")]
    reasons = [reason for _, reason in in_production]
    assert all(len(reason.split()) >= 4 for reason in reasons)
    assert all(len({rule for rule, reason in in_production if reason == one}) == 1 for one in reasons)
