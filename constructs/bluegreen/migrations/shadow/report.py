"""What a person, or a program, reads of a check."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bluegreen.release.migrations.report import review

from .check import Check, Judged
from .measured import Measured
from .rules import lock_text, one_line

_STATEMENT = 70


def document(found: Check) -> dict[str, Any]:
    """Return what `--json` prints."""
    return {
        "passed": found.passed,
        "contract": found.contract,
        "since": list(found.since),
        "heads": list(found.heads),
        "live": None if found.live is None else list(found.live),
        "not_run": list(found.not_run),
        "undeclared_contract": list(found.undeclared),
        "revisions": [asdict(one) for one in found.revisions],
    }


def text(found: Check) -> str:
    """Return the review, what was measured, and the verdict."""
    if not found.revisions:
        return f"no revision to judge: the live version and the candidate are both at {_names(found.heads)}"
    parts = [review(found.reports, contract=found.contract), *_measured(found), *_limits(found), _verdict(found)]
    return "\n\n".join(parts)


def _measured(found: Check) -> Iterator[str]:
    lines = [f"{'measured':<{_STATEMENT}}  {'seconds':>7}  locks on tables that were there before"]
    for one in found.revisions:
        lines.append(f"{one.report.revision}: {_trip(one)}")
        hurting = [measured for measured in one.measured if lock_text(measured) or measured.rewritten]
        shown = hurting or list(one.measured[:1])
        lines.extend(_line(measured, transactional=one.report.transactional) for measured in shown)
        if more := len(one.measured) - len(shown):
            seconds = sum(measured.seconds for measured in one.measured) - sum(measured.seconds for measured in shown)
            others = f"and {more} more statement{'' if more == 1 else 's'}"
            lines.append(f"  {others:<{_STATEMENT - 2}}  {seconds:>7.3f}  none that hurts")
    yield "\n".join(lines)


def _line(one: Measured, *, transactional: bool) -> str:
    statement = one_line(one.statement)
    short = statement if len(statement) <= _STATEMENT - 2 else f"{statement[: _STATEMENT - 6]} ..."
    rewritten = f"; rewrites {', '.join(one.rewritten)}" if one.rewritten else ""
    none = "none that hurts" if transactional else "not measured: outside a transaction none outlives its statement"
    return f"  {short:<{_STATEMENT - 2}}  {one.seconds:>7.3f}  {lock_text(one) or none}{rewritten}"


def _trip(one: Judged) -> str:
    if one.round_trip == "equal":
        return "taken back and run again, the schema follows exactly"
    if one.round_trip == "cannot be taken back":
        return "cannot be taken back: a failed release keeps its schema"
    return f"taking it back {one.round_trip}"


def _limits(found: Check) -> Iterator[str]:
    lines = []
    if found.live is None:
        lines.append("not compared with the models of the version that serves: give its checkout with --live")
    if found.not_run:
        lines.append(f"not looked at, after one that failed: {_names(found.not_run)}")
    lines.append("the shadow's tables are empty: times say nothing of yours, and a failure that needs rows is not seen")
    yield "\n".join(lines)


def _verdict(found: Check) -> str:
    if found.passed:
        return f"PASSES: a release may run {_names(tuple(one.revision for one in found.reports))}"
    why = []
    if found.blocking:
        why.append(f"{len(found.blocking)} of the findings above")
    if found.undeclared:
        why.append(f"contract revisions ({_names(found.undeclared)}) in a release that is not declared contract")
    return f"BLOCKED by {' and '.join(why)}"


def _names(revisions: tuple[str, ...]) -> str:
    return ", ".join(revisions) or "no revision"
