"""What runs in a process of its own, in the project's folder and environment: everything that imports the project."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from time import monotonic
from typing import Any

from bluegreen.migrations.errors import MigrationError, describe
from bluegreen.migrations.gate import judge
from bluegreen.migrations.project import Project, RevisionSource, source_of
from bluegreen.release.migrations.findings import Grade

from .catalogue import difference, snapshot
from .compatibility import breaks
from .measured import Measured
from .recorder import Recorder, tables, watch
from .runs import Runs
from .server import Server, ShadowError


def work(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do one task and return its document.

    Args:
        request: `task` (heads, run or compare), `ini`, and what the task needs.

    Raises:
        ShadowError: If the project or the database cannot be used.
    """
    try:
        project = Project.open(request["ini"])
        match request["task"]:
            case "heads":
                return {"heads": list(project.heads)}
            case "run":
                return ShadowRun(project, Server.from_dict(request["server"]), _grades(request)).of(request["since"])
            case "compare":
                return compare(project, Server.from_dict(request["server"]), request["stages"])
    except MigrationError as error:
        raise ShadowError(str(error), hint="correct the project") from error
    raise ShadowError(f"there is no task {request['task']!r}")


def _grades(request: Mapping[str, Any]) -> dict[str, Grade]:
    return {rule: Grade(grade) for rule, grade in request["grades"].items()}


class ShadowRun:
    """Runs a project's revisions one by one and tells of each.

    Args:
        project: The candidate's.
        server: Where the shadow database is; empty.
        grades: Changes to the gate's grades.
    """

    def __init__(self, project: Project, server: Server, grades: Mapping[str, Grade]) -> None:
        self._project = project
        self._server = server
        self._grades = grades
        self._runs = Runs(project)

    def of(self, since: Sequence[str]) -> dict[str, Any]:
        """Upgrade to `since` unwatched, then judge each revision after it.

        Args:
            since: The live version's heads; none judges every revision.

        Returns:
            The document of all that was found; `stages` names a copy of the database for `since` and each revision.

        Raises:
            ShadowError: If the revisions up to `since` do not run on an empty database.
        """
        self._must_know(since)
        pending = [source_of(script) for script in self._project.pending(since)]
        try:
            said = judge(pending, self._grades)
        except ValueError as error:
            raise ShadowError(str(error), hint="correct migrations.grades in bluegreen.toml") from error
        watch(self._server)
        with _telling("env.py fails", "correct it, or its environment in bluegreen.toml"):
            self._version_table = self._runs.version_table()
        for revision in since:
            with _telling(
                f"cannot upgrade an empty database to {revision}", "the shadow run replays the whole history"
            ):
                self._runs.upgrade(revision)
        self._known = tables(self._server, self._version_table)
        self._server.keep("stage_0")
        revisions = []
        for number, source in enumerate(pending, start=1):
            revisions.append(self._one(source, said.get(source.revision, ()), f"stage_{number}"))
            if revisions[-1]["failed"] is not None:
                break
        return {
            "since": list(since),
            "heads": list(self._project.heads),
            "known": sorted(self._known.values()),
            "stages": [f"stage_{number}" for number in range(len(revisions) + 1)],
            "revisions": revisions,
            "not_run": [one.revision for one in pending[len(revisions) :]],
        }

    def _must_know(self, since: Sequence[str]) -> None:
        unknown = self._project.unknown(since)
        if unknown:
            raise ShadowError(
                f"the project has no revision {', '.join(unknown)}",
                hint="a release must keep the revisions of the version before it; merge or rebase first",
            )

    def _one(self, source: RevisionSource, findings: Sequence[Any], stage: str) -> dict[str, Any]:
        before = self._snapshot()
        recorder = Recorder(self._known, self._version_table)
        started = monotonic()
        failed = None
        try:
            self._runs.upgrade(source.revision, recorder)
        except Exception as error:  # noqa: BLE001 - a migration may raise anything, and all of it is a finding
            failed = describe(error)
        seconds = monotonic() - started
        after = self._snapshot()
        self._server.keep(stage)
        if source.statements is None:
            findings = [*findings, *self._seen_at_run_time(source, recorder.measured)]
        trip = self._round_trip(source, before, after, stage) if failed is None else {"how": "not made", "why": []}
        return {
            "report": asdict(replace(source.report(), findings=tuple(findings), seconds=round(seconds, 3), attempts=1)),
            "allow": dict(source.allow),
            "failed": failed,
            "measured": [asdict(one) for one in recorder.measured],
            "changes": [asdict(change) for change in difference(before, after)],
            "round_trip": trip,
        }

    def _seen_at_run_time(self, source: RevisionSource, measured: Sequence[Measured]) -> Sequence[Any]:
        """Judge the statements of a revision that could not be rendered without a database."""
        statements = tuple(one.statement for one in measured)
        return judge([replace(source, statements=statements, unrendered="")], self._grades).get(source.revision, ())

    def _round_trip(
        self, source: RevisionSource, before: Mapping[str, str], after: Mapping[str, str], stage: str
    ) -> dict[str, Any]:
        """Take the revision back and run it again, and see that the schema follows."""
        if not source.reversible or len(source.down_revisions) > 1:
            return {"how": "cannot be taken back", "why": []}
        try:
            self._runs.downgrade(source.down_revisions[0] if source.down_revisions else "base")
            if left := difference(before, self._snapshot()):
                return {"how": "leaves something behind", "why": [str(change) for change in left]}
            self._runs.upgrade(source.revision)
            again = difference(after, self._snapshot())
        except Exception as error:  # noqa: BLE001 - as above
            return {"how": "fails", "why": [describe(error)]}
        finally:
            self._server.bring_back(stage)
        return {"how": "differs the second time" if again else "equal", "why": [str(change) for change in again]}

    def _snapshot(self) -> dict[str, str]:
        return snapshot(self._server, self._version_table)


def compare(project: Project, server: Server, stages: Sequence[str]) -> dict[str, Any]:
    """Compare the live version's models with each stage of the candidate's migrations.

    Returns:
        What the live version would suffer from at each stage, and the CHECK constraints that its models state.

    Raises:
        ShadowError: If its env.py fails, or gives no models.
    """
    runs = Runs(project)
    found = []
    for stage in stages:
        server.bring_back(stage)
        with _telling("env.py fails", "correct it, or its environment in bluegreen.toml"):
            found.append([one.to_dict() for one in breaks(runs.compare())])
    return {"heads": list(project.heads), "breaks": found, "checks": sorted(runs.checks)}


@contextmanager
def _telling(what: str, hint: str) -> Iterator[None]:
    """Turn whatever a project raises into an error for people; what is one already stays."""
    try:
        yield
    except (ShadowError, MigrationError):
        raise
    except Exception as error:
        raise ShadowError(f"{what}: {describe(error)}", hint=hint) from error
