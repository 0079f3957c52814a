"""cfn-lint and checkov over the templates, each as its own program."""

import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
# In an environment of its own: what checkov pins and what the CDK's tools need cannot be installed together.
UV = (
    *(str(BIN / "uv"), "run", "--quiet", "--no-project", "--isolated"),
    *("--with-requirements", str(HERE / "checkov.txt")),
)
EXPLANATIONS = HERE / "explained.toml"


@dataclass(frozen=True)
class Checked:
    """What checkov said about one template.

    Args:
        passed: How many checks passed.
        failed: The checks that failed: id, type of the resource, its logical id.
    """

    passed: int
    failed: Sequence[tuple[str, str, str]]


def lint(templates: Iterable[Path]) -> Mapping[Path, int]:
    """Count what cfn-lint says about each template, errors, warnings and notes alike.

    Args:
        templates: The templates.

    Returns:
        How many for each; 0 is clean.
    """
    paths = [str(path) for path in templates]
    run = subprocess.run(
        [BIN / "cfn-lint", "--format", "json", "--", *paths], capture_output=True, text=True, timeout=600, check=False
    )
    counted = Counter(Path(match["Filename"]) for match in json.loads(run.stdout or "[]"))
    return {Path(path): counted[Path(path)] for path in paths}


def check(templates: Iterable[Path]) -> Mapping[Path, Checked]:
    """Run checkov's CloudFormation checks, offline.

    Args:
        templates: The templates.

    Returns:
        What it said about each.

    Raises:
        RuntimeError: If it could not read one.
    """
    paths = [path.resolve() for path in templates]
    files = [option for path in paths for option in ("--file", str(path))]
    run = subprocess.run(
        [*UV, "checkov", "--framework", "cloudformation", "--skip-download", "--compact", "--output", "json", *files],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        env={**os.environ, "LOG_LEVEL": "ERROR"},
    )
    try:
        report = json.loads(run.stdout)
    except ValueError:
        raise RuntimeError(f"checkov did not answer: {run.stderr[-2000:]}") from None
    if report["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov could not read {report['results']['parsing_errors']}")
    return {path: _of(path, report["results"]) for path in paths}


def _of(path: Path, results: Mapping[str, Any]) -> Checked:
    def mine(kind: str) -> list[Mapping[str, Any]]:
        return [one for one in results[kind] if Path(one["file_abs_path"]) == path]

    failed = [(one["check_id"], *one["resource"].split(".", 1)) for one in mine("failed_checks")]
    return Checked(passed=len(mine("passed_checks")), failed=failed)


def explanations() -> Mapping[tuple[str, str], str]:
    """Return why a check may fail, by the check's id and the type of the resource."""
    table = tomllib.loads(EXPLANATIONS.read_text())
    return {(check, kind): reason for check, by_type in table.items() for kind, reason in by_type.items()}


def unexplained(failed: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return the failed checks that nobody explained, with the resources."""
    known = explanations()
    left: dict[str, list[str]] = {}
    for check_id, kind, logical_id in failed:
        if (check_id, kind) not in known:
            left.setdefault(f"{check_id} {kind}", []).append(logical_id)
    return [f"{what}: {', '.join(ids)}" for what, ids in left.items()]
