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
    with database.admin() as admin:
        for role in ("app", "reports"):
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is None:
                admin.execute(f"CREATE ROLE {role}")
        wrong = {}
        for sample in SAMPLES:
            if sample.name not in NOT_MEASURED:
                truth, why = _measure(sample, database, admin)
                if truth is not sample.truth:
                    wrong[sample.name] = f"{sample.truth}, but measured {truth}: {why}"
    assert not wrong, "\n".join(f"{name}: {what}" for name, what in wrong.items())


def test_what_is_not_measured_are_samples() -> None:
    """No excuse outlives its sample, and most are measured."""
    assert NOT_MEASURED.keys() <= {one.name for one in SAMPLES}
    assert len(NOT_MEASURED) < len(SAMPLES) / 5


def _measure(sample: Sample, database: Any, admin: psycopg.Connection[Any]) -> tuple[Truth, str]:
    admin.execute("RESET ROLE")
    admin.execute(RESET)
    admin.execute("GRANT CREATE, USAGE ON SCHEMA public TO PUBLIC")
    with database.connect() as setup:
        setup.execute(SCHEMA)
    files = dict(admin.execute(FILES).fetchall())
    try:
        for source in table.sources(sample.upgrades):
            work = _run(source, database)
            if work:
                return Truth.NEVER, work
    except psycopg.Error as error:
        return Truth.NEVER, str(error)
    rewritten = {oid for oid, file in admin.execute(FILES).fetchall() if files.get(oid, file) != file}
    if rewritten:
        return Truth.NEVER, "rewritten"
    return _live(admin)


def _run(source: RevisionSource, database: Any) -> str:
    """Run a revision as the runner does, and say what it did to rows that others wait for."""
    assert source.statements is not None
    with database.connect() as connection:
        connection.autocommit = not source.transactional
        for statement in source.statements:
            connection.execute(statement)
        work = [] if connection.autocommit else connection.execute(WORK).fetchall()
        connection.commit()
    for name, read, written, waited_for in work:
        if name in {"orders", "customers"} and (written >= ROWS / 2 or (read >= ROWS and waited_for)):
            return f"{name}: {read} rows read, {written} written"
    return ""


def _live(admin: psycopg.Connection[Any]) -> tuple[Truth, str]:
    admin.execute("SET ROLE app")
    for query in LIVE:
        try:
            if admin.execute(query).fetchone() != (True,):
                return Truth.CONTRACT, query
        except psycopg.Error as error:
            return Truth.CONTRACT, f"{query}: {error}"
    return Truth.SAFE, "the live version is well"
