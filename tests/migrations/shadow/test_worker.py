"""Revisions run on a shadow database: what they lock, rewrite, hide and leave behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bluegreen.migrations.errors import MigrationError
from bluegreen.migrations.project import Project
from bluegreen.migrations.shadow.server import Server, ShadowError
from bluegreen.migrations.shadow.worker import ShadowRun, compare

from .conftest import Written

TABLE = "CREATE TABLE orders (id serial PRIMARY KEY, note varchar(50), quantity int)"
Judged = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def project(tmp_path: Path) -> Written:
    return Written(tmp_path).add("1", TABLE, "DROP TABLE orders")


@pytest.mark.parametrize(
    ("statement", "lock", "rewritten"),
    [
        ("ALTER TABLE orders ADD extra text", "AccessExclusiveLock", []),
        ("ALTER TABLE orders ALTER quantity TYPE bigint", "AccessExclusiveLock", ["public.orders"]),
        ("ALTER TABLE orders ALTER note TYPE varchar(80)", "AccessExclusiveLock", []),
        ("CREATE INDEX i ON orders (note)", "ShareLock", []),
        ("UPDATE orders SET quantity = 1", "RowExclusiveLock", []),
        ("ALTER TABLE orders ADD extra float DEFAULT random()", "AccessExclusiveLock", ["public.orders"]),
        ("DROP TABLE orders", "AccessExclusiveLock", []),
    ],
)
def test_the_lock_and_the_rewrite_of_each_statement_are_measured(
    project: Written, judged: Judged, statement: str, lock: str, rewritten: list[str]
) -> None:
    """What PostgreSQL itself says it locked, and whether it replaced the table's file."""
    (measured,) = judged(project.add("2", statement))[0]["measured"]
    assert measured["statement"] == statement
    assert measured["locks"]["public.orders"] == lock
    assert list(measured["rewritten"]) == rewritten


def test_a_table_that_is_new_to_the_live_version_may_be_locked(project: Written, judged: Judged) -> None:
    """Nobody reads it yet, so its locks are not told."""
    found = judged(project.add("2", "CREATE TABLE new (id int)").add("3", "ALTER TABLE new ALTER id TYPE bigint"))
    assert [one["locks"] for document in found for one in document["measured"]] == [{}, {}]


def test_definitions_inside_a_block_are_seen(project: Written, judged: Judged) -> None:
    """What a DO block defines, PostgreSQL's event triggers tell."""
    block = "DO $$ BEGIN ALTER TABLE orders ADD hidden int; DROP INDEX IF EXISTS none; END $$"
    (measured,) = judged(project.add("2", block))[0]["measured"]
    assert measured["defined"] == ("ALTER TABLE public.orders",) or measured["defined"] == ["ALTER TABLE public.orders"]
    assert measured["locks"] == {"public.orders": "AccessExclusiveLock"}


def test_a_concurrent_index_is_built_outside_the_transaction(project: Written, judged: Judged) -> None:
    """An autocommit block runs as it would, under the event triggers, too."""
    upgrade = (
        'with op.get_context().autocommit_block():\n    op.execute("CREATE INDEX CONCURRENTLY i ON orders (note)")'
    )
    (found,) = judged(project.add("2", upgrade, "DROP INDEX i"))
    assert found["failed"] is None
    assert found["measured"][0]["defined"]
    assert found["round_trip"]["how"] == "equal"


@pytest.mark.parametrize(
    ("upgrade", "downgrade", "how", "why"),
    [
        ("ALTER TABLE orders ADD a int", "ALTER TABLE orders DROP a", "equal", []),
        ("ALTER TABLE orders ADD a int", "pass", "cannot be taken back", []),
        ("ALTER TABLE orders ADD a int", "raise NotImplementedError", "cannot be taken back", []),
        ("ALTER TABLE orders ADD a int", "ALTER TABLE orders DROP b", "fails", ["column"]),
        ("ALTER TABLE orders ADD a int", "SELECT 1", "leaves something behind", ["column public.orders.a added"]),
        (
            "ALTER TABLE orders DROP note",
            "ALTER TABLE orders ADD note text",
            "leaves something behind",
            ["column public.orders.note changed from character varying(50) to text"],
        ),
        (
            "CREATE TABLE IF NOT EXISTS orders (a int)",
            "DROP TABLE orders",
            "leaves something behind",
            ["public.orders"],
        ),
    ],
)
def test_taking_a_revision_back_must_restore_what_was_there(  # noqa: PLR0917 - a table's columns
    project: Written, judged: Judged, upgrade: str, downgrade: str, how: str, why: list[str]
) -> None:
    """Up, down and up again: the schema follows, or the difference is told."""
    (found,) = judged(project.add("2", upgrade, downgrade))
    assert found["round_trip"]["how"] == how
    assert all(any(part in told for told in found["round_trip"]["why"]) for part in why)


def test_a_round_trip_leaves_the_next_revision_its_schema(project: Written, judged: Judged) -> None:
    """A downgrade that fails half-way or drops too much does not reach the run itself."""
    project.add("2", "ALTER TABLE orders ADD a int", "DROP TABLE orders").add("3", "ALTER TABLE orders DROP a")
    assert [one["failed"] for one in judged(project)] == [None, None]


def test_a_revision_that_fails_ends_the_run_with_the_databases_words(project: Written, shadow: Server) -> None:
    """Those after it are named as not looked at."""
    project.add("2", "ALTER TABLE orders DROP nothing").add("3", "SELECT 1")
    found = ShadowRun(project.open(), shadow, {}).of(["1"])
    assert 'column "nothing" of relation "orders" does not exist' in found["revisions"][0]["failed"]
    assert found["not_run"] == ["3"]


def test_what_is_only_known_at_run_time_goes_through_the_gate(project: Written, judged: Judged) -> None:
    """SQL that depends on the data is judged as it was run, beside the finding that it cannot be read before."""
    upgrade = """
    for (name,) in op.get_bind().execute(sa.text("SELECT 'note'")):
        op.execute("ALTER TABLE orders DROP COLUMN " + name)
    """
    (found,) = judged(project.add("2", upgrade.strip()))
    rules = {finding["rule"] for finding in found["report"]["findings"]}
    assert {"sql-not-visible", "ban-drop-column"} <= rules


def test_a_history_that_does_not_run_is_no_pass(tmp_path: Path, shadow: Server) -> None:
    """What fails before the revisions to judge leaves nothing to judge, and that is an error."""
    project = Written(tmp_path).add("1", "SELECT nonsense FROM nowhere").add("2", "SELECT 1")
    with pytest.raises(ShadowError, match="cannot upgrade an empty database to 1: relation"):
        ShadowRun(project.open(), shadow, {}).of(["1"])


def test_an_env_py_that_runs_nothing_is_no_pass(project: Written, shadow: Server) -> None:
    """An env.py that ends early gives empty output, which must not look like success."""
    project.env.write_text("")
    with pytest.raises(MigrationError, match=r"env\.py never called"):
        ShadowRun(project.open(), shadow, {}).of(["1"])


def test_a_revision_of_the_live_version_that_is_missing_is_an_error(project: Written, shadow: Server) -> None:
    """A branch that was cut before the live version's last migration cannot be judged against it."""
    with pytest.raises(ShadowError, match="the project has no revision 9"):
        ShadowRun(project.open(), shadow, {}).of(["9"])


def test_the_live_models_are_compared_with_each_stage(tmp_path: Path, shadow: Server) -> None:
    """A break belongs to the revision after which it is there first."""
    (tmp_path / "new").mkdir()
    (tmp_path / "live").mkdir()
    project = Written(tmp_path / "new").add("1", TABLE).add("2", "ALTER TABLE orders ADD x int")
    project.add("3", "ALTER TABLE orders DROP note")
    live = Written(
        tmp_path / "live",
        models="""
        Table("orders", Base.metadata, Column("id", Integer, primary_key=True), Column("note", String(50)),
              Column("quantity", Integer), CheckConstraint("quantity > 0", name="positive"))
        """,
    ).add("1", TABLE)
    stages = ShadowRun(project.open(), shadow, {}).of(["1"])["stages"]
    found = compare(live.open(), shadow, stages)
    assert [[one["where"] for one in stage] for stage in found["breaks"]] == [[], [], ["orders.note"]]
    assert found["checks"] == ["positive"]


def test_a_live_version_without_models_cannot_be_compared(project: Written, shadow: Server) -> None:
    """An env.py without target_metadata says nothing of what the version needs."""
    project.env.write_text(project.env.read_text().replace(", target_metadata=Base.metadata", ""))
    shadow.keep("stage_0")
    with pytest.raises(ShadowError, match="no target_metadata"):
        compare(Project.open(str(project.folder / "alembic.ini")), shadow, ["stage_0"])


ASYNC_ENV = """
import asyncio, os
from alembic import context
from sqlalchemy.ext.asyncio import create_async_engine

def do(connection):
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()

async def run():
    engine = create_async_engine(os.environ["DATABASE_URL"].replace("psycopg", "psycopg_async"))
    async with engine.connect() as connection:
        await connection.run_sync(do)
    await engine.dispose()

asyncio.run(run())
"""


def test_an_asynchronous_env_py_is_measured_like_any_other(project: Written, judged: Judged) -> None:
    """The statements go over the connection that env.py hands to Alembic, whatever drives it."""
    pytest.importorskip("greenlet")
    project.env.write_text(ASYNC_ENV)
    (found,) = judged(project.add("2", "ALTER TABLE orders ADD a int", "ALTER TABLE orders DROP a"))
    assert found["failed"] is None
    assert found["measured"][0]["locks"] == {"public.orders": "AccessExclusiveLock"}
    assert found["round_trip"]["how"] == "equal"


def test_a_pool_of_the_projects_own_does_not_hold_the_database(project: Written, judged: Judged) -> None:
    """An engine that outlives env.py would keep the database from being copied, and lose its connections to it."""
    pooled = "engine = globals().get('kept') or create_engine(os.environ['DATABASE_URL'])"
    project.env.write_text(
        project.env.read_text().replace(
            'engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)', pooled
        )
    )
    (found,) = judged(project.add("2", "ALTER TABLE orders ADD a int", "ALTER TABLE orders DROP a"))
    assert (found["failed"], found["round_trip"]["how"]) == (None, "equal")


def test_a_merge_of_two_lines_is_judged_like_any_other(tmp_path: Path, judged: Judged) -> None:
    """A revision with two parents has no single one to go back to, and is told as not taken back."""
    project = Written(tmp_path).add("1", TABLE)
    versions = tmp_path / "migrations" / "versions"
    text = (versions / "1.py").read_text()
    for name, down, sql in (("a", "'1'", "ALTER TABLE orders ADD a int"), ("b", "'1'", "ALTER TABLE orders ADD b int")):
        (versions / f"{name}.py").write_text(
            text.replace("'1', None", f"'{name}', {down}").replace(repr(TABLE), repr(sql))
        )
    (versions / "m.py").write_text(text.replace("'1', None", "'m', ('a', 'b')").replace(repr(TABLE), "'SELECT 1'"))
    assert [one["failed"] for one in judged(project)] == [None, None, None]
