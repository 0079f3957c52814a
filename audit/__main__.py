"""`python -m audit [--json]`: exit code 0 exactly when every stack passes and beats the peer."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from .assembly import PACKS, ROOT, Assembly, synthesize
from .linters import Checked, check, lint, unexplained
from .permissions import broad_statements, unneeded
from .table import Line, render

WIDTH = 130
"""Columns of the table in a file or a log."""
PEER = "peer"
"""cdklabs.ecs-codedeploy with one service, without anything around it: its smallest stack."""


def main() -> int:
    """Audit, print the table, and say what is wrong."""
    parser = argparse.ArgumentParser(prog="audit", description="Count and lint every stack of this repository.")
    parser.add_argument("--json", action="store_true", help="print a document instead of a table")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bluegreen-audit-") as folder:
        lines, outdated = audit(Path(folder))
    wrong = [complaint for line in lines for complaint in line.complaints] + beside_the_peer(lines) + outdated
    if arguments.json:
        document = {"passes": not wrong, "stacks": [line.document() for line in lines], "wrong": wrong}
        sys.stdout.write(json.dumps(document) + "\n")
    else:
        console = Console(width=None if sys.stdout.isatty() else WIDTH)
        console.print(render(lines))
        for complaint in wrong:
            console.print(complaint, style="red", markup=False, soft_wrap=True)
        console.print("passes" if not wrong else f"{len(wrong)} complaints", style="bold")
    return 1 if wrong else 0


def audit(folder: Path) -> tuple[Sequence[Line], list[str]]:
    """Synthesize every stack and the peer's smallest, and look at each.

    Args:
        folder: An empty folder.

    Returns:
        A line for each stack, the peer's last; and which exceptions nothing needs any more, in words.
    """
    ours = synthesize(folder / "ours")
    peer = _peer_template(folder / PEER)
    paths = sorted(ours.paths.items())
    linted, checked = lint(ours.paths.values()), check([*ours.paths.values(), peer])
    lines = [_line(ours, stack, linted[path], checked[path.resolve()]) for stack, path in paths]
    # Not so checkov's explanations: what its check for secrets (CKV_AWS_45) finds differs from run to run.
    listed = unneeded(ours.templates.values())
    outdated = [f"audit/permissions.py: nothing needs {one} any more, take it out" for one in listed]
    return [*lines, _peer_line(json.loads(peer.read_text()), checked[peer.resolve()])], outdated


def beside_the_peer(lines: Sequence[Line]) -> list[str]:
    """Return where the peer is better: fewer failures per resource, or more checks that pass with one service."""
    (peer,) = (line for line in lines if not line.ours)
    wrong = [
        f"{line.stack}: {line.failures_per_resource:.2f} failures per resource, the peer has "
        f"{peer.failures_per_resource:.2f}"
        for line in lines
        if line.ours and line.failures_per_resource >= peer.failures_per_resource
    ]
    production = next(line for line in lines if line.stack == "ProdStack")
    if production.checks_passed < peer.checks_passed:
        wrong.append(f"ProdStack: {production.checks_passed} checks pass, of the peer's {peer.checks_passed}")
    return wrong


def _line(assembly: Assembly, stack: str, linted: int, checked: Checked) -> Line:
    template = assembly.templates[stack]
    counts = {
        (pack, meant): sum(
            finding.stack == stack and finding.pack == pack and (finding.reason is not None) == meant
            for finding in assembly.findings
        )
        for pack in PACKS
        for meant in (False, True)
    }
    nag, nist = PACKS
    return Line(
        stack=stack,
        resources=len(template["Resources"]),
        nag=counts[nag, False],
        nag_acknowledged=counts[nag, True],
        nist=counts[nist, False],
        nist_acknowledged=counts[nist, True],
        lint=linted,
        checks_passed=checked.passed,
        checks_failed=len(checked.failed),
        unexplained=unexplained(checked.failed),
        broad=[f"{broad.resource}: {broad.what}" for broad in broad_statements(template)],
    )


def _peer_template(folder: Path) -> Path:
    command = [sys.executable, str(ROOT / "benchmarks" / "app.py"), "peer", "1", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    return folder / "Bench.template.json"


def _peer_line(template: Mapping[str, Any], checked: Checked) -> Line:
    return Line(
        stack="(peer, one service)",
        resources=len(template["Resources"]),
        nag=0,
        nag_acknowledged=0,
        nist=0,
        nist_acknowledged=0,
        lint=0,
        checks_passed=checked.passed,
        checks_failed=len(checked.failed),
        unexplained=[],
        broad=[f"{broad.resource}: {broad.what}" for broad in broad_statements(template)],
        ours=False,
    )


if __name__ == "__main__":
    sys.exit(main())
