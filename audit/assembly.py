"""Synthesizes what is audited, with cdk-nag's two rule packs looking on."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from examples.gallery import define_gallery
from stacks.environments import ENVIRONMENTS
from stacks.reference import define_reference

ROOT = Path(__file__).parents[1]
PACKS = ("AwsSolutions", "NIST.800.53.R5")


@dataclass(frozen=True)
class Finding:
    """What a rule found in one construct.

    Args:
        stack: The construct's stack.
        path: The construct's path.
        rule: The rule, with its pack before the first hyphen.
        reason: Why it is meant so; None for a finding that nobody acknowledged.
    """

    stack: str
    path: str
    rule: str
    reason: str | None

    @property
    def pack(self) -> str:
        """The rule pack."""
        return self.rule.partition("-")[0]


@dataclass(frozen=True)
class Assembly:
    """What synthesis left behind.

    Args:
        folder: Where the templates are.
        templates: Each stack's template.
        findings: What the rule packs found, acknowledged or not.
    """

    folder: Path
    templates: Mapping[str, Mapping[str, Any]]
    findings: Sequence[Finding]

    def path(self, stack: str) -> Path:
        """Return where a stack's template is."""
        return self.folder / f"{stack}.template.json"


def synthesize(folder: Path) -> Assembly:
    """Synthesize the reference deployment in all environments and the gallery, in a process of its own.

    The rule packs write what they find to that process's stderr as well, page after page.

    Args:
        folder: Where to.

    Returns:
        What synthesis left behind.

    Raises:
        RuntimeError: If the app is broken.
    """
    run = subprocess.run(
        [sys.executable, "-m", __name__, str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(f"synthesis failed: {run.stderr[-4000:]}")
    report = json.loads((folder / "validation-report.json").read_text())
    templates = {
        path.name.removesuffix(".template.json"): json.loads(path.read_text())
        for path in sorted(folder.glob("*.template.json"))
    }
    return Assembly(folder, templates, list(_findings(report)))


def _synthesize(folder: Path) -> None:
    app = cdk.App(outdir=str(folder), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    define_reference(app, list(ENVIRONMENTS.values()), version="v1")
    define_gallery(app)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    try:
        app.synth()
    except RuntimeError as error:
        if "ValidationFailed" not in str(error):
            raise  # findings are counted, anything else is a broken app


def _findings(report: Mapping[str, Any]) -> Iterator[Finding]:
    for plugin in report["pluginReports"]:
        if plugin["pluginName"] not in PACKS:
            continue
        for violation in [*plugin["violations"], *plugin.get("suppressedViolations", [])]:
            for construct in violation["violatingConstructs"]:
                path = construct["constructPath"]
                yield Finding(path.partition("/")[0], path, violation["ruleName"], violation.get("reason"))


if __name__ == "__main__":
    _synthesize(Path(sys.argv[1]))
