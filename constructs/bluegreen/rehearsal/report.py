"""The end of a rehearsal: the JSON document, and for people a timeline and a table."""

from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from .deploy import Deploy
from .evidence import Evidence
from .left_out import LeftOut
from .rehearsal import Result

REAL = "the cdk CLI, the Lambda code, HAProxy, PostgreSQL, the application's processes, TLS and HTTP"


def document(stack: str, results: Sequence[Result], left_out: LeftOut) -> dict[str, Any]:
    """Return the document that `--json` prints; `held` is true only when every scenario held, and there was one."""
    return {
        "stack": stack,
        "held": bool(results) and all(result.held for result in results),
        "scenarios": [_scenario(result) for result in results],
        **left_out.document(),
    }


def render(results: Sequence[Result], left_out: LeftOut, *, factor: float) -> RenderableType:
    """Return what people read at the end: a table, what did not hold, and the limits."""
    held = sum(result.held for result in results)
    verdict = Text(
        f"{held} of {len(results)} scenarios held", style="bold green" if held == len(results) else "bold red"
    )
    told = [
        Text(),
        *_reasons(results),
        *_figures(results),
        *_writes(results),
        Text(),
        verdict,
        *_complaints(results),
        Text(),
        *limits(factor),
        *(Text(sentence, style="dim") for sentence in left_out.sentences()),
    ]
    return Group(Text(), _table(results), *told)


def limits(factor: float) -> Iterator[Text]:
    """Say what was real and what was not, so that nobody takes a rehearsal for more than it is."""
    yield Text(f"Real: {REAL}.", style="dim")
    yield Text(
        f"Emulated: the AWS control planes, with time compressed ({factor:g} seconds of theirs in one); "
        "IAM and security groups are not enforced; Lambda code runs on this machine's Python, its pauses compressed.",
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
        "group": result.scenario.group,
        "expected": result.scenario.expected,
        "outcome": _outcome(result),
        "held": result.held,
        "requests": len(evidence.answers) if evidence else 0,
        "failed": len(evidence.failures) if evidence else 0,
        "written": evidence.written if evidence else 0,
        "lost": len(evidence.lost) if evidence else 0,
        "served_by": evidence.served_by() if evidence else {},
        "rollback_seconds": None if rollback is None else round(rollback, 2),
        "wall_seconds": round(result.wall_seconds, 1),
        "figures": {name: round(value, 2) for name, value in evidence.figures.items()} if evidence else {},
        "deploys": [_deploy(deploy) for deploy in evidence.deploys] if evidence else [],
        "events": [{"at": at, "what": what} for at, what in timeline(evidence)] if evidence else [],
    }


def _deploy(deploy: Deploy) -> dict[str, Any]:
    return {
        "stack": deploy.stack,
        "version": deploy.version,
        "outcome": deploy.outcome.value,
        "stack_status": deploy.stack_status,
        "seconds": round(deploy.seconds, 1),
        "reason": deploy.reason,
    }


def timeline(evidence: Evidence) -> list[tuple[float, str]]:
    """Return what happened, in order, with real seconds since the scenario began."""
    moments = [(event.at, event.what) for event in evidence.events]
    for deploy in evidence.deploys:
        command = "cdk destroy" if deploy.destroys else "cdk deploy"
        why = f": {deploy.reason}" if deploy.reason else ""
        moments += [
            (deploy.begun, f"{command} of {deploy.version or deploy.stack} begins"),
            (deploy.ended, f"{command} returns {deploy.exit_code}; the stack is {deploy.stack_status}{why}"),
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
        for deploy in result.evidence.deploys if result.evidence else ():
            if deploy.reason:
                yield Text.assemble((f"{result.scenario.name} ended with: ", "bold"), deploy.reason)


def _figure(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _figures(results: Sequence[Result]) -> Iterator[Text]:
    """Yield what the scenarios measured."""
    for result in results:
        figures = result.evidence.figures if result.evidence else {}
        told = ", ".join(f"{name.replace('_', ' ')} {_figure(value)}" for name, value in figures.items())
        if told:
            yield Text.assemble((f"{result.scenario.name}: ", "bold"), told)


def _writes(results: Sequence[Result]) -> Iterator[Text]:
    """Say what became of the writes, where there were any."""
    seen = [result.evidence for result in results if result.evidence]
    written, lost = sum(one.written for one in seen), sum(len(one.lost) for one in seen)
    if written:
        yield Text(f"{written:,} writes were acknowledged and read back at the end; {lost:,} of them were lost")


def _complaints(results: Sequence[Result]) -> Iterator[Text]:
    for result in results:
        for complaint in result.complaints:
            yield Text.assemble(("✗ ", "bold red"), (f"{result.scenario.name}: ", "bold"), complaint)


def print_report(console: Console, results: Sequence[Result], left_out: LeftOut, *, factor: float) -> None:
    """Print the report for people."""
    console.print(render(results, left_out, factor=factor), highlight=False)
