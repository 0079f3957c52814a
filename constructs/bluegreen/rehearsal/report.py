"""The end of a rehearsal: the JSON document, and for people a timeline and a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .evidence import Evidence
from .rehearsal import Result

REAL = "the cdk CLI, the Lambda code, HAProxy, PostgreSQL, the application's processes, TLS and HTTP"


def document(stack: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return the document that `--json` prints; `held` is true only when every scenario held, and there was one."""
    return {
        "stack": stack,
        "held": bool(results) and all(result.held for result in results),
        "scenarios": [_scenario(result) for result in results],
    }


def render(results: Sequence[Result], *, factor: float) -> RenderableType:
    """Return what people read at the end: a table, what did not hold, and the limits."""
    held = sum(result.held for result in results)
    verdict = Text(
        f"{held} of {len(results)} scenarios held", style="bold green" if held == len(results) else "bold red"
    )
    told = [Text(), *_reasons(results), Text(), verdict, *_complaints(results), Text(), *limits(factor)]
    return Group(Text(), _table(results), *told)


def limits(factor: float) -> Iterator[Text]:
    """Say what was real and what was not, so that nobody takes a rehearsal for more than it is."""
    yield Text(f"Real: {REAL}.", style="dim")
    yield Text(
        f"Emulated: the AWS control planes, with time compressed ({factor:g} seconds of theirs in one); "
        "IAM and security groups are not enforced; Lambda code runs on this machine's Python.",
        style="dim",
    )
    yield Text(
        "Rollback: real seconds from the alarm, or the step that failed, to the last request that the candidate "
        "answered. How long an alarm takes to notice is compressed time and not part of it.",
        style="dim",
    )


def render_timeline(evidence: Evidence) -> RenderableType:
    """Return what happened in one scenario, line by line, with real seconds since it began."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(justify="right", style="dim", no_wrap=True)
    lines.add_column(overflow="fold")
    for at, what in timeline(evidence):
        lines.add_row(f"{at:.2f} s", Text(what))
    return lines


def _scenario(result: Result) -> dict[str, Any]:
    evidence = result.evidence
    rollback = evidence.rollback_seconds if evidence else None
    return {
        "name": result.scenario.name,
        "expected": result.scenario.expected,
        "outcome": _outcome(result),
        "held": result.held,
        "requests": len(evidence.answers) if evidence else 0,
        "failed": len(evidence.failures) if evidence else 0,
        "served_by": evidence.served_by() if evidence else {},
        "rollback_seconds": None if rollback is None else round(rollback, 2),
        "wall_seconds": round(result.wall_seconds, 1),
        "events": [{"at": at, "what": what} for at, what in timeline(evidence)] if evidence else [],
    }


def timeline(evidence: Evidence) -> list[tuple[float, str]]:
    """Return what happened, in order, with real seconds since the scenario began."""
    moments = [(event.at, event.what) for event in evidence.events]
    why = f": {evidence.reason}" if evidence.exit_code and evidence.reason else ""
    moments += [
        (evidence.started, f"cdk deploy of {evidence.candidate} begins"),
        (evidence.deployed, f"cdk deploy returns {evidence.exit_code}; the stack is {evidence.stack_status}{why}"),
    ]
    return [(round(at - evidence.started, 2), what) for at, what in sorted(moments, key=lambda moment: moment[0])]


def _outcome(result: Result) -> str:
    if result.evidence is not None:
        return result.evidence.outcome
    return "not-run" if result.wall_seconds == 0 else "failed"


def _table(results: Sequence[Result]) -> Table:
    """Return all scenarios with their figures; fits 80 columns."""
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for name in ("", "scenario", "outcome"):
        table.add_column(name, no_wrap=True)
    for name in ("requests", "failed", "served by", "rollback", "wall"):
        table.add_column(name, justify="right", no_wrap=True)
    for result in results:
        shown = _scenario(result)
        rollback = shown["rollback_seconds"]
        table.add_row(
            Text("✓", style="green") if result.held else Text("✗", style="bold red"),
            shown["name"],
            Text(shown["outcome"], style="" if shown["outcome"] == shown["expected"] else "red"),
            f"{shown['requests']:,}",
            f"{shown['failed']:,}",
            "\n".join(f"{version} {count:,}" for version, count in shown["served_by"].items()) or "-",
            "-" if rollback is None else f"{rollback:.2f} s",
            f"{shown['wall_seconds']:.1f} s",
        )
    return table


def _reasons(results: Sequence[Result]) -> Iterator[Text]:
    """Yield what `cdk deploy` told the person who ran it, for each release that did not go through."""
    for result in results:
        if result.evidence is not None and result.evidence.exit_code and result.evidence.reason:
            yield Text.assemble((f"{result.scenario.name} ended with: ", "bold"), result.evidence.reason)


def _complaints(results: Sequence[Result]) -> Iterator[Text]:
    for result in results:
        for complaint in result.complaints:
            yield Text.assemble(("✗ ", "bold red"), (f"{result.scenario.name}: ", "bold"), complaint)


def print_report(console: Console, results: Sequence[Result], *, factor: float) -> None:
    """Print the report for people."""
    console.print(render(results, factor=factor), highlight=False)
