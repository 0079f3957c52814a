"""One check: the workers' documents put together into what a reviewer reads."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bluegreen.migrations.settings import Settings
from bluegreen.release.migrations.findings import Finding, Phase
from bluegreen.release.migrations.report import blocking
from bluegreen.release.migrations.result import RevisionReport

from .catalogue import Change, How
from .compatibility import Break
from .measured import Measured
from .rules import Findings, lock_text, same
from .server import Server, ShadowError

_SECONDS = 1800
_STANDARD_ERROR = 2


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One revision, with everything that is known of it.

    Args:
        report: What it declares and every finding.
        measured: What its statements did.
        round_trip: How taking it back and running it again went.
        differences: What was not as before after that; none when the trip was not made or went well.
        changes: What it changed in the catalogue.
    """

    report: RevisionReport
    measured: tuple[Measured, ...]
    round_trip: str
    differences: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What a check found.

    Args:
        revisions: Those that were judged, in their order.
        since: The revisions that the live version has; none when all were judged.
        heads: The candidate's.
        live: The live version's heads; None when no live version was given.
        not_run: Revisions after one that failed.
        contract: Whether the release was declared contract.
    """

    revisions: tuple[Judged, ...]
    since: tuple[str, ...]
    heads: tuple[str, ...]
    live: tuple[str, ...] | None
    not_run: tuple[str, ...]
    contract: bool

    @property
    def reports(self) -> tuple[RevisionReport, ...]:
        """The revisions as the gate's report knows them."""
        return tuple(one.report for one in self.revisions)

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings for which a release must not run them."""
        return blocking(self.reports, contract=self.contract)

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Contract revisions in a release that is not declared contract."""
        if self.contract:
            return ()
        return tuple(one.revision for one in self.reports if one.phase is Phase.CONTRACT)

    @property
    def passed(self) -> bool:
        """Whether a release may run them."""
        return not self.blocking and not self.undeclared


def check(settings: Settings, server: Server, *, live: Settings | None, since: str | None, contract: bool) -> Check:
    """Judge a project's revisions, on paper and on a shadow database.

    Args:
        settings: The candidate's project.
        server: A scratch server whose database `shadow` is empty.
        live: The project of the version that serves; None when there is none to compare with.
        since: Judge the revisions after this one; when omitted, those after the live version's heads, else all.
        contract: Whether the release is declared contract.

    Returns:
        What was found.

    Raises:
        ShadowError: If a project or the server cannot be used, so that nothing is known.
    """
    live_heads = None
    if live is not None:
        live_heads = tuple(_ask(live, server, {"task": "heads"}, "the live version")["heads"])
    begin = [since] if since else list(live_heads or ())
    grades = {rule: str(grade) for rule, grade in settings.grades.items()}
    found = _ask(settings, server, {"task": "run", "since": begin, "grades": grades}, "the candidate")
    met: Mapping[str, Any] = {"breaks": [[] for _ in found["stages"]], "checks": []}
    if live is not None:
        met = _ask(live, server, {"task": "compare", "stages": found["stages"]}, "the live version")
    stages = [{Break.from_dict(one) for one in stage} for stage in met["breaks"]]
    judged = [
        _judge(document, sorted(now - before), settings, found["known"], met["checks"])
        for document, before, now in zip(found["revisions"], stages, stages[1:], strict=False)
    ]
    return Check(
        revisions=tuple(judged),
        since=tuple(found["since"]),
        heads=tuple(found["heads"]),
        live=live_heads,
        not_run=tuple(found["not_run"]),
        contract=contract,
    )


def _judge(
    document: Mapping[str, Any],
    breaks: Sequence[Break],
    settings: Settings,
    known: Sequence[str],
    checks: Sequence[str],
) -> Judged:
    report = RevisionReport.from_dict(document["report"])
    measured = tuple(Measured.from_dict(one) for one in document["measured"])
    changes = tuple(Change(**{**one, "how": How(one["how"])}) for one in document["changes"])
    trip, why = document["round_trip"]["how"], tuple(document["round_trip"]["why"])
    make = Findings(
        report.revision,
        allow=document["allow"],
        transactional=report.transactional,
        grades=settings.grades,
        known=known,
    )
    said = [_with_lock(finding, measured) for finding in report.findings]
    more = [
        *make.of_failure(document["failed"]),
        *make.of_measured(measured, said),
        *make.of_breaks(breaks, measured),
        *make.of_catalogue(changes, checks, said),
        *make.of_round_trip(trip, why),
    ]
    return Judged(
        report=replace(report, findings=(*said, *more), reversible=report.reversible and trip == "equal"),
        measured=measured,
        round_trip=trip,
        differences=why,
        changes=changes,
    )


def _with_lock(finding: Finding, measured: Sequence[Measured]) -> Finding:
    """Tell the lock that was measured where the gate can only tell what the documentation says."""
    for one in measured:
        if same(one.statement, finding.statement) and (lock := lock_text(one)):
            return replace(finding, lock=f"{lock} (measured)")
    return finding


def _ask(settings: Settings, server: Server, request: Mapping[str, Any], whose: str) -> dict[str, Any]:
    """Let a process of its own do one task in the project's folder."""
    environment = {name: value for name, value in os.environ.items() if name != "ALEMBIC_CONFIG"}
    with tempfile.TemporaryDirectory(prefix="bluegreen-") as folder:
        answer = Path(folder) / "answer.json"
        try:
            run = subprocess.run(
                [sys.executable, "-m", "bluegreen.migrations.shadow", str(answer)],
                input=json.dumps({"ini": settings.ini, "server": server.to_dict(), **request}),
                text=True,
                cwd=settings.directory,
                env=environment | settings.filled(server.placeholders()),
                stdout=_STANDARD_ERROR,  # what a project prints is no part of the report
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ShadowError(f"{whose}: the shadow run took longer than {_SECONDS} s") from None
        if not answer.exists():
            raise ShadowError(
                f"{whose}: its process ended with exit code {run.returncode} and told nothing",
                hint="what it printed is above; correct env.py or the revisions",
            )
        document: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in document:
        raise ShadowError(f"{whose}: {document['error']}", hint=document["hint"])
    return document
