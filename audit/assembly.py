"""Synthesizes what is audited, with cdk-nag's two rule packs looking on."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from examples.gallery import define_gallery
from stacks.environments import ENVIRONMENTS, PROD
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
        paths: Where each stack's template is.
        templates: Each stack's template.
        findings: What the rule packs found, acknowledged or not.
    """

    paths: Mapping[str, Path]
    templates: Mapping[str, Mapping[str, Any]]
    findings: Sequence[Finding]


def synthesize(folder: Path) -> Assembly:
    """Synthesize the reference deployment in all environments, its recovery in another region, and the gallery.

    Each app in a process of its own: the rule packs write what they find to its stderr as well, page after page.

    Args:
        folder: Where to.

    Returns:
        What synthesis left behind.

    Raises:
        RuntimeError: If an app is broken.
    """
    paths: dict[str, Path] = {}
    findings: list[Finding] = []
    for app in APPS:
        _run(app, folder / app)
        found = {
            path.name.removesuffix(".template.json"): path for path in sorted((folder / app).glob("*.template.json"))
        }
        new = {stack: path for stack, path in found.items() if stack not in paths}
        report = json.loads((folder / app / "validation-report.json").read_text())
        findings += [finding for finding in _findings(report) if finding.stack in new]
        paths |= new
    return Assembly(paths, {stack: json.loads(path.read_text()) for stack, path in paths.items()}, findings)


def _run(app: str, folder: Path) -> None:
    command = [sys.executable, "-m", __name__, app, str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    if run.returncode:
        raise RuntimeError(f"synthesis of the {app} failed: {run.stderr[-4000:]}")


def _reference(app: cdk.App) -> None:
    define_reference(app, list(ENVIRONMENTS.values()), version="v1")


def _recovery(app: cdk.App) -> None:
    secret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:promoted-AbCdEf"  # noqa: S105 - a made-up name
    define_reference(
        app, [PROD], version="v1", recovery_region="eu-central-1", region="eu-west-1", migrator_secret=secret
    )


APPS: Mapping[str, Callable[[cdk.App], None]] = {
    "reference": _reference,
    "recovery": _recovery,
    "gallery": define_gallery,
}
"""What is synthesized; of stacks that two of them make, the first one's counts."""


def _synthesize(name: str, folder: Path) -> None:
    app = cdk.App(outdir=str(folder), context=json.loads((ROOT / "cdk.json").read_text())["context"])
    APPS[name](app)
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
    _synthesize(sys.argv[1], Path(sys.argv[2]))
