"""What cdk-nag's two rule packs find in an app."""

import json
from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

ROOT = Path(__file__).parents[2]
Finding = tuple[str, str]


def findings(folder: Path, define: Callable[[cdk.App], object]) -> set[Finding]:
    """Synthesize what `define` adds to an app like ours; return what is not acknowledged: construct path and rule."""
    app = cdk.App(outdir=str(folder), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    define(app)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    try:
        app.synth()
    except RuntimeError as error:
        assert "ValidationFailed" in str(error)  # noqa: PT017 - the report says the rest
    return {
        (construct["constructPath"], violation["ruleName"])
        for plugin in json.loads((folder / "validation-report.json").read_text())["pluginReports"]
        for violation in plugin["violations"]
        for construct in violation["violatingConstructs"]
    }
