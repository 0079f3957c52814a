"""The labels of the samples are so: measured on real PostgreSQL, beside a live version."""

from typing import Any

import psycopg
import table
from database import FILES, LIVE, RESET, ROWS, SCHEMA, WORK
from samples import SAMPLES, Sample, Truth

from bluegreen.migrations.project import RevisionSource

NOT_MEASURED = {
    "drop NOT NULL": "it takes a candidate that writes NULL",
    "add a value to an enum": "it takes a candidate that writes it",
    "drop the index of live queries": "its queries get slow, not wrong",
    "create two indexes concurrently in one revision": "nothing fails here",
    "add a column, then an index concurrently, in one revision": "nothing fails here",
    "create an index concurrently if it is not there": "no attempt failed before",
    "lock a table": "how long it is held depends on what follows",
    "lock every row for update": "no view tells of rows that are locked",
    "wait longer for locks": "nobody holds one here",
    "commit half-way": "nothing fails here",
    "change the role": "who may do what is not rehearsed here",
    "copy from a file of the server": "there is no such file here",
    "move a table to another tablespace": "there is only one here",
    "move rows in Python": "the SQL is not known before it runs",
    "look before adding a column, in Python": "the SQL is not known before it runs",
}
"""What the labels of some samples say cannot be seen here."""


def test_what_can_be_measured_of_the_labels_is_so(database: Any) -> None:
    """Failures, rewrites, rows read or written under locks, and queries of a live version, on PostgreSQL 16 and 18."""
    with database.admin() as connection:
        for role in ("app", "reports"):
            if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                connection.execute(f"CREATE ROLE {role}")
        beside = Beside(connection, database.url("postgresql").partition("//")[2].partition(":")[0])
        found = {one.name: (one, beside.measure(one)) for one in SAMPLES if one.name not in NOT_MEASURED}
    wrong = [
        f"{name}: {sample.truth}, but measured {truth}: {why}"
        for name, (sample, (truth, why)) in found.items()
        if truth is not sample.truth
    ]
    assert not wrong, "\n".join(wrong)


def test_what_is_not_measured_are_samples() -> None:
    """No excuse outlives its sample, and most are measured."""
    assert NOT_MEASURED.keys() <= {one.name for one in SAMPLES}
    assert len(NOT_MEASURED) < len(SAMPLES) / 5


class Beside:
    """Runs samples beside a live version.

    Args:
        connection: A superuser's, in autocommit.
        migrator: Who owns the tables.
    """

    def __init__(self, connection: psycopg.Connection[Any], migrator: str) -> None:
        self._connection = connection
        self._migrator = migrator
        self._fresh = False

    def measure(self, sample: Sample) -> tuple[Truth, str]:
        """Return what its revisions do, and how that was seen."""
        revisions = table.sources(sample.upgrades)
        if not self._fresh:
            self._as("NONE", RESET, f"GRANT ALL ON SCHEMA public, old TO {self._migrator}")
            self._as(self._migrator, SCHEMA)
        files = self._files()
        if len(revisions) == 1 and revisions[0].transactional:
            # Taken back as soon as it was seen, so that the next one finds all as it was.
            self._fresh = True
            with self._connection.transaction(force_rollback=True):
                return self._seen(revisions, files)
        self._fresh = False
        return self._seen(revisions, files)

    def _seen(self, revisions: list[RevisionSource], files: dict[int, int]) -> tuple[Truth, str]:
        try:
            for source in revisions:
                if work := self._run(source):
                    return Truth.NEVER, work
        except psycopg.Error as error:
            return Truth.NEVER, str(error)
        if any(files.get(oid, file) != file for oid, file in self._files().items()):
            return Truth.NEVER, "rewritten"
        return self._live()

    def _run(self, source: RevisionSource) -> str:
        """Run a revision as the runner does, and say what it did to rows that others wait for."""
        assert source.statements is not None
        if not source.transactional:
            self._as(self._migrator, *source.statements)
            return ""
        with self._connection.transaction():
            before = self._work()
            self._as(self._migrator, *source.statements)
            after = self._work()
        for name, (read, written, waited_for) in after.items():
            # PostgreSQL counts on over transactions that follow each other quickly.
            read, written = read - before[name][0], written - before[name][1]  # noqa: PLW2901
            if written >= ROWS / 2 or (read >= ROWS and waited_for):
                return f"{name}: {read} rows read, {written} written"
        return ""

    def _live(self) -> tuple[Truth, str]:
        self._as("app")
        for query in LIVE:
            try:
                if self._connection.execute(query).fetchone() != (True,):
                    return Truth.CONTRACT, query
            except psycopg.Error as error:
                return Truth.CONTRACT, f"{query}: {error}"
        return Truth.SAFE, "the live version is well"

    def _work(self) -> dict[str, tuple[int, int, bool]]:
        rows = self._connection.execute(WORK).fetchall()
        return {name: tuple(work) for name, *work in rows if name in {"orders", "customers"}}

    def _files(self) -> dict[int, int]:
        return dict(self._connection.execute(FILES).fetchall())

    def _as(self, role: str, *statements: str) -> None:
        self._connection.execute(f"SET ROLE {role}")
        for statement in statements:
            self._connection.execute(statement)
