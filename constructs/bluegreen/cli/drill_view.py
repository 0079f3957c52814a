"""What `bluegreen drill` shows: plain text, coloured where a terminal takes it."""

from collections.abc import Iterable

import click

from bluegreen.operations.drill_checks import Check, Verdict
from bluegreen.operations.drill_plan import DrillPlan
from bluegreen.release.recovery.record import RecoveryRecord

from .turning_line import TurningLine

_COLOURS = {Verdict.OK: "green", Verdict.BAD: "red", Verdict.UNKNOWN: "yellow"}


def plan_text(plan: DrillPlan) -> str:
    """Return the checks and the steps of one disaster."""
    objectives = f"RTO {plan.recovery_time_seconds // 60} min, RPO {plan.recovery_point_seconds // 60} min"
    lines = [
        click.style(f"{plan.disaster}: {plan.title}", bold=True),
        f"database {plan.database}; {objectives}; more in {plan.runbook}",
        "",
        "Ready?",
        *_checks(plan.checks),
        "",
        "By itself:",
        *(f"  - {one}" for one in plan.by_itself),
        "",
        "By you; nothing of this was done:",
    ]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", click.style(f"{number}. {step.title}", bold=True)]
        lines += [f"   {note}" for note in step.notes]
        lines += [f"     {command}" for command in step.commands]
    return "\n".join(lines)


def record_text(record: RecoveryRecord) -> str:
    """Return what a recovery came to."""
    objectives = record.objectives
    verdict = click.style("recovered", fg="green", bold=True)
    if not record.passed:
        verdict = click.style("NOT recovered", fg="red", bold=True)
    lines = [f"{verdict}: {record.database} as {record.instance}"]
    lines += [f"  {click.style(problem, fg='red')}" for problem in record.problems]
    lines += [
        "",
        _reached("RTO", record.recovery_seconds, objectives.recovery_time_seconds),
        _reached("RPO", record.recovery_point_seconds, objectives.recovery_point_seconds),
        *_rows(record),
        _line("drill", f"{record.id}, by {record.by}"),
        _line("cleaned up", "yes" if record.cleaned_up else f"no: {record.instance} still costs money"),
    ]
    return "\n".join(lines)


class DrillProgress(TurningLine):
    """Shows that a drill goes on.

    Args:
        recovery: Its id.
    """

    def __init__(self, recovery: str) -> None:
        super().__init__(f"drill {recovery}")

    def show(self, record: RecoveryRecord) -> None:
        """Take the drill's record as it is now."""
        self.tell(record.step if record.passed is None else "recovered" if record.passed else "not recovered")


def _checks(checks: Iterable[Check]) -> Iterable[str]:
    for check in checks:
        yield f"  {click.style(f'{check.verdict:<8}', fg=_COLOURS[check.verdict])}{check.name}: {check.said}"


def _reached(name: str, reached: float | None, objective: int) -> str:
    told = "not reached" if reached is None else f"{reached:.0f} s"
    return _line(name, f"{told}, at most {objective} s")


def _rows(record: RecoveryRecord) -> Iterable[str]:
    live, restored = record.live, record.restored
    if live is None or restored is None:
        return
    for table, rows in live.rows.items():
        yield _line("rows", f"{table}: {restored.rows.get(table, 0)} of {rows}")
    if restored.revisions:
        yield _line("schema", ", ".join(restored.revisions))


def _line(label: str, text: str) -> str:
    return f"{label:<12}{text}"
