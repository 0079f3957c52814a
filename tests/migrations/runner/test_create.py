"""The first migration of a database, before anything serves from it."""

import pytest

from bluegreen.release.migrations.result import Outcome


@pytest.mark.usefixtures("gate")
def test_an_empty_database_gets_the_whole_history(project, run):
    """On an empty database everything runs, contract revisions too: nothing serves from it, and it has no rows."""
    project.sql("a1", "CREATE TABLE t (id int, note text)").sql(
        "b2", "ALTER TABLE t DROP COLUMN note", head="phase = 'contract'"
    )
    assert run("plan").outcome is Outcome.PENDING
    result = run("create")
    assert (result.outcome, result.before, result.after) == (Outcome.MIGRATED, (), ("b2",))


def test_a_database_under_alembic_is_left_to_the_release(project, run):
    """A database that has a revision is migrated by a release, with its restore point; not by a creation."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.sql("b2", "ALTER TABLE t ADD COLUMN n int")
    result = run("create")
    assert (result.outcome, result.message) == (Outcome.NOTHING_PENDING, "already under Alembic, left to the release")
    assert result.after == ("a1",)


def test_a_creation_that_failed_half_way_goes_on(project, run):
    """When the first migration failed at its second revision, the next creation runs the rest."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "SELECT 1/0")
    failed = run("create")
    assert (failed.outcome, failed.after) == (Outcome.FAILED, ("a1",))
    project.path("b2").write_text(project.path("b2").read_text().replace("1/0", "1"))
    assert (run("create").outcome, run("create").message) == (
        Outcome.MIGRATED,
        "already under Alembic, left to the release",
    )


def test_a_database_with_extensions_alone_is_empty(project, run, database):
    """What an extension brings is no schema of an application."""
    with database.admin() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS plpgsql")
    project.sql("a1", "CREATE TABLE t (id int)")
    assert run("create").outcome is Outcome.MIGRATED
