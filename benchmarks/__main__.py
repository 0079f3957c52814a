"""Compare, in one run, bare CDK, the peer cdklabs.ecs-codedeploy and this library on the same plain services.

Whole processes are timed in turn, round after round, so that a drifting machine slows all of them alike; only the
ratios are worth quoting.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

APP = Path(__file__).parent / "app.py"
ENVIRONMENTS = Path(__file__).parent / "environments.py"
KINDS = ("bare", "peer", "bluegreen")
COUNTS = (1, 10)


def synthesize(kind: str, count: int) -> tuple[float, dict[str, Any]]:
    """Return how many seconds one synth took as a whole process, and the template's size."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = _seconds(APP, kind, str(count), folder)
        text = (Path(folder) / "Bench.template.json").read_text()
    template = json.loads(text)
    compact = json.dumps(template, separators=(",", ":"))
    return seconds, {"resources": len(template["Resources"]), "template_bytes": len(compact)}


def compare_environments(rounds: int) -> dict[str, Any]:
    """Return how long all environments of stacks/ take beside the same resources without this library's constructs.

    The imports are the same. environments.py says what "bare" and "copied" are.
    """
    ratios: dict[str, list[float]] = {"bare": [], "copied": []}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds + 1):
            reference = _seconds(ENVIRONMENTS, "reference", f"{folder}/reference")
            for kind, found in ratios.items():
                took = _seconds(ENVIRONMENTS, kind, f"{folder}/{kind}", f"{folder}/reference")
                if number:
                    found.append(reference / took)
        templates = _properties(Path(folder, "reference"))
        for kind in ratios:
            if _properties(Path(folder, kind)) != templates:
                raise RuntimeError(f"{kind} CDK must define the reference's resources, it defines others")
    return {
        "stacks": len(templates),
        "resources": sum(map(len, templates.values())),
        **{f"synth_time_ratio_to_{kind}": round(statistics.median(found), 3) for kind, found in ratios.items()},
    }


def _properties(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the properties of each stack's resources."""
    found = {path.name: json.loads(path.read_text())["Resources"] for path in folder.glob("*.template.json")}
    return {
        stack: {logical_id: one.get("Properties", {}) for logical_id, one in resources.items()}
        for stack, resources in found.items()
    }


def _seconds(*arguments: str | Path) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *map(str, arguments)], check=True)
    return time.perf_counter() - start


def per_further_service(sizes: dict[int, dict[str, int]], what: str) -> float:
    """Return how much each service after the first adds."""
    first, last = COUNTS
    return (sizes[last][what] - sizes[first][what]) / (last - first)


def main() -> None:
    """Print the comparison as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=5, help="timed synths of each kind, after one that is not counted"
    )
    rounds = parser.parse_args().rounds
    report: dict[str, Any] = {"rounds": rounds}
    for count in COUNTS:
        seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
        for number in range(rounds + 1):
            for kind in KINDS:
                took, size = synthesize(kind, count)
                if number:
                    seconds[kind].append(took)
                report.setdefault(kind, {}).setdefault(count, {}).update(size)
        for kind in KINDS:
            for other in KINDS[:2]:
                ratios = [a / b for a, b in zip(seconds[kind], seconds[other], strict=True)]
                report[kind][count][f"synth_time_ratio_to_{other}"] = round(statistics.median(ratios), 3)
            report[kind][count]["synth_seconds_median"] = round(statistics.median(seconds[kind]), 2)
    for kind in KINDS:
        sizes = report[kind]
        report[kind]["per_further_service"] = {
            what: per_further_service(sizes, what) for what in ("resources", "template_bytes")
        }
    report["environments"] = compare_environments(rounds)
    print(json.dumps(report, indent=2))  # noqa: T201 - the report is the output


if __name__ == "__main__":
    main()
