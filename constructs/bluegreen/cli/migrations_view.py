"""What `bluegreen migrations` shows: plain text, coloured where a terminal takes it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from textwrap import fill
from typing import Any

import click

from bluegreen.operations.migrations import Status, taken_back
from bluegreen.operations.restore_plan import RestorePlan
from bluegreen.release.messages import shortened
from bluegreen.release.migrations.findings import Finding, Phase
from bluegreen.release.migrations.lease import Lease
from bluegreen.release.migrations.ledger import RUNNING, Record, State, position
from bluegreen.release.migrations.report import WIDTH, finding_lines

from .turning_line import TurningLine

_LABEL = 10
_LONGEST_QUOTE = 200
_COLOURS = {"BLOCKS": "red", "warns": "yellow", "let pass": "cyan", "passes": "cyan"}


def status_text(status: Status) -> str:
    """Return what the ledger holds of a database: where it is, who works on it, and the newest runs."""
    head = [
        _line("service", status.service),
        _line("database", status.database),
        *_state(status.state),
        _line("lease", _lease(status.lease)),
    ]
    if not status.runs:
        return "\n".join([*head, "", "no run yet"])
    return "\n".join([*head, "", *_table(status.runs)])


def record_text(record: Record) -> str:
    """Return what a run found and did, findings as a reviewer would write them."""
    good = "red" if record.passed is False else "green" if record.passed else "yellow"
    lines = [
        f"{click.style(record.outcome, fg=good, bold=True)}: {fill(record.message, WIDTH, break_on_hyphens=False)}",
        "",
        _line("run", f"{record.id} ({record.mode}, version {record.version}, by {record.by})"),
        _line("schema", _way(record)),
        *([_line("image", record.image)] if record.image else []),
        *_restore_point(record),
        *(_line("look at", problem) for problem in record.problems),
    ]
    for revision in record.revisions:
        lines += ["", *_revision(revision, record)]
    return "\n".join(lines)


def downgrade_text(status: Status, to: str) -> str:
    """Return what a downgrade would take back, as the ledger knows it."""
    here = position(status.state.revisions) if status.state else "unknown"
    revisions = taken_back(status.runs, to)
    if revisions is None:
        told = [
            f"the newest {len(status.runs)} runs do not lead to {to}: the runner looks for it in the image's history"
        ]
    else:
        told = [_title(one) for one in revisions] or ["nothing"]
    return "\n".join(
        [
            _line("database", status.database),
            _line("schema", f"{here} -> {to}"),
            *([_line("image", status.state.image)] if status.state and status.state.image else []),
            "",
            "takes back, in this order:",
            *(f"  {one}" for one in told),
            "",
            "It is refused when rows would be lost, and when a revision cannot be taken back.",
            "Versions that need what is taken back stop working: none of them may serve.",
        ]
    )


def restore_text(plan: RestorePlan) -> str:
    """Return a restore plan, to be read to its end before its first step."""
    lines = [
        f"How to restore to {plan.restores_to}, before run {plan.run}. Nothing of this was done.",
        "No rehearsal proves these steps: try them in a test account before you need them.",
        "",
        click.style("Lost for the users:", fg="red", bold=True),
        *(f"  - {one}" for one in plan.lost),
        "",
        "Loses less, so think of it first:",
        *(f"  - {one}" for one in plan.instead),
    ]
    for number, step in enumerate(plan.steps, 1):
        lines += ["", click.style(f"{number}. {step.title}", bold=True)]
        lines += [f"   {note}" for note in step.notes]
        lines += [f"     {command}" for command in step.commands]
    return "\n".join(lines)


class Progress(TurningLine):
    """Shows that a run goes on.

    Args:
        run: The run's id.
        mode: What it does.
    """

    def __init__(self, run: str, mode: str) -> None:
        super().__init__(f"{mode} {run}")

    def show(self, record: Record) -> None:
        """Take the run's record as it is now."""
        self.tell(_progress(record))


def _progress(record: Record) -> str:
    if record.outcome != RUNNING:
        return record.outcome
    pending = f", {len(record.revisions)} pending" if record.revisions else ""
    protected = ", restore point made" if record.restore_point else ""
    return f"running{pending}{protected}"


def _line(label: str, text: str) -> str:
    return f"{label:<{_LABEL}}{text}"


def _state(state: State | None) -> Iterable[str]:
    if state is None:
        yield _line("schema", "unknown: no run has looked at it yet")
        return
    yield _line("schema", position(state.revisions))
    if state.dirty:
        yield _line("", click.style(f"not clean: {state.dirty}", fg="red", bold=True))
    yield _line("works", f"with images at {'; '.join(state.compatible_with)}")
    if state.image:
        yield _line("image", state.image)


def _lease(lease: Lease | None) -> str:
    if lease is None or lease.holder is None:
        return "free"
    until = datetime.fromtimestamp(lease.expires, UTC)
    return f"held by {lease.holder} (token {lease.token}), until {until:%Y-%m-%d %H:%M} UTC at the latest"


def _table(runs: Sequence[Record]) -> Iterable[str]:
    rows = [("started", "run", "mode", "version", "outcome", "schema", "afterwards")]
    rows += [
        (one.started[:16].replace("T", " "), one.id, one.mode, one.version, one.outcome, _way(one), one.release or "")
        for one in runs
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        text = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
        failed = number > 0 and runs[number - 1].passed is False
        yield click.style(text, fg="red") if failed else text
        if failed:
            yield click.style(f"  {shortened(runs[number - 1].message, _LONGEST_QUOTE)}", dim=True)


def _way(record: Record) -> str:
    before, after = position(record.before), position(record.after)
    if not record.before and not record.after:
        return "-" if record.outcome == RUNNING else before
    return before if before == after else f"{before} -> {after}"


def _restore_point(record: Record) -> Iterable[str]:
    point = record.restore_point
    if point and point.snapshot:
        yield _line("snapshot", f"{point.snapshot} of {point.snapshot_at}")
    if point and point.restorable_until:
        yield _line("restorable", f"to {point.restorable_until}")


def _revision(revision: Mapping[str, Any], record: Record) -> Iterable[str]:
    """Say how a revision went, and what of it blocks or was let pass: a record keeps no warnings."""
    yield _title(revision)
    if revision["seconds"] is not None:
        begun = f", begun {revision['attempts']} times" if revision["attempts"] > 1 else ""
        yield f"  took {revision['seconds']:.1f} s{begun}"
    # What a record that passed keeps of a contract revision passed because the release was declared contract.
    phase = Phase(revision["phase"]) if record.passed else Phase.EXPAND
    for finding in map(Finding.from_dict, record.findings):
        if finding.revision == revision["revision"]:
            verdict, *rest = finding_lines(finding, phase)
            yield from (_coloured(verdict), *rest)


def _title(revision: Mapping[str, Any]) -> str:
    kind = "reversible" if revision["reversible"] else "cannot be taken back"
    return f"{revision['revision']}  {revision['message']}  ({revision['phase']}, {kind})"


def _coloured(verdict: str) -> str:
    colour = next(colour for words, colour in _COLOURS.items() if verdict.lstrip().startswith(words))
    return click.style(verdict, fg=colour)
