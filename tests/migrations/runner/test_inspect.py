"""`python -m bluegreen.migrations inspect`: what a drill learns of a database, and that it changes nothing."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from bluegreen.migrations.inspecting import inspect
from bluegreen.release.recovery.inspection import Inspection, last_in

from .conftest import Command, Project

CREATE = (
    "CREATE TABLE orders (id int PRIMARY KEY, created_at timestamptz)",
    "CREATE SCHEMA archive CREATE TABLE old (id int)",
    "INSERT INTO orders VALUES (1, '2026-01-01T00:00:00Z'), (2, '2026-02-01T00:00:00Z')",
)


@pytest.fixture
def look(project: Project, run: Callable) -> Callable[..., Inspection]:
    """Inspects a database with one revision and two orders."""
    project.sql("1", *CREATE)
    assert run("create").message == ""

    def look(*tables: str, newest: tuple[str, ...] = ()) -> Inspection:
        return inspect(tables, newest, deadline_seconds=20, ini=str(project.ini))

    return look


def test_counts_every_table_but_alembics_when_none_is_named(look: Callable[..., Inspection]) -> None:
    """Every readable table is counted, one of another schema by its full name, and Alembic's own is not."""
    assert look().rows == {"archive.old": 0, "orders": 2}


def test_tells_revision_and_newest_value(look: Callable[..., Inspection]) -> None:
    """The revision and the greatest value of a timestamp are told, None where the table is empty."""
    found = look("orders", newest=("orders.created_at",))
    assert (found.error, found.revisions, found.rows) == ("", ("1",), {"orders": 2})
    assert found.newest == {"orders.created_at": datetime(2026, 2, 1, tzinfo=UTC).timestamp()}


def test_newest_value_of_an_empty_table_is_none(look: Callable[..., Inspection], database) -> None:
    """A table without rows has no newest value, and that is no error."""
    database.query("DELETE FROM orders")
    assert look("orders", newest=("orders.created_at",)).newest == {"orders.created_at": None}


@pytest.mark.parametrize(
    ("tables", "newest", "said"),
    [
        (("missing",), (), "does not exist"),
        (("orders; DROP TABLE orders",), (), "must be named as table or schema.table"),
        (("orders",), ("created_at",), "must be named as table.column"),
        (("orders",), ("orders.id",), "must be a timestamp, got int"),
    ],
)
def test_tells_why_nothing_was_found(
    look: Callable[..., Inspection], database, tables: tuple[str, ...], newest: tuple[str, ...], said: str
) -> None:
    """What cannot be read is told as an error, and the database is as it was."""
    found = look(*tables, newest=newest)
    assert said in found.error
    assert database.scalar("SELECT count(*) FROM orders") == 2


def test_a_database_that_cannot_be_reached_is_told(project: Project) -> None:
    """Nobody answering is an error of the result, not of the process."""
    project.ini.write_text(project.ini.read_text().replace(":5432/", ":1/"))
    assert "refused" in inspect((), (), deadline_seconds=5, ini=str(project.ini)).error


@pytest.mark.usefixtures("look")
def test_command_prints_one_result_line(project: Project) -> None:
    """The command prints its result as the last line, and its exit code says whether it could look."""
    command = Command(project, "inspect", "--table", "orders", "--newest", "orders.created_at")
    output, _ = command.process.communicate(timeout=30)
    found = last_in(output.splitlines())
    assert found is not None
    assert (command.process.returncode, dict(found.rows)) == (0, {"orders": 2})
    assert output.splitlines()[-1].startswith('{"bluegreen-inspection":')
