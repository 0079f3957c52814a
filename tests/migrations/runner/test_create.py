"""The first migration of a database, before anything serves from it."""

import psycopg
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


def test_a_database_under_alembic_is_only_looked_at(project, run, database):
    """A creation says of a database that has a revision what a plan says, and changes nothing of it."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run(token=7)
    assert run("create", token=8).outcome is Outcome.NOTHING_PENDING
    project.sql("b2", "ALTER TABLE t ADD COLUMN n int")
    created, planned = run("create", token=9), run("plan")
    assert (created.outcome, created.command) == (Outcome.PENDING, "create")
    same = ("outcome", "before", "after", "heads", "revisions", "message", "problems")
    assert all(getattr(created, name) == getattr(planned, name) for name in same)
    assert database.query("SELECT version_num FROM alembic_version") == [("a1",)]
    assert database.scalar("SELECT token FROM bluegreen.fence") == 7


@pytest.mark.usefixtures("gate")
def test_a_creation_goes_through_the_gate_where_there_are_rows(project, run):
    """What a plan refuses on a database that Alembic knows, a creation refuses as well."""
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    run()
    project.sql("b2", "ALTER TABLE t DROP COLUMN note")
    assert (run("create").outcome, run("plan").outcome) == (Outcome.REFUSED, Outcome.REFUSED)


def test_a_creation_by_an_older_image_says_that_it_is_older(project, run):
    """It is for the ledger to know whether image and schema work together."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "SELECT 1")
    run()
    project.path("b2").unlink()
    assert run("create").outcome is Outcome.AHEAD


def test_a_service_that_is_made_again_logs_in_with_its_new_password(project, run, database):
    """Its secret is new while the role is still there: also when no revision is pending."""
    project.sql("a1", "CREATE TABLE t (id int)")
    named = {"owner_role": "app_owner", "application_user": "app_user"}
    run("create", **named, application_password="sesame-opens-42")
    assert run("create", **named, application_password="another-sesame-7").outcome is Outcome.NOTHING_PENDING
    with database.connect("app_user", "another-sesame-7") as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchall() == [(0,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM alembic_version")


def test_a_creation_that_failed_half_way_goes_on(project, run):
    """When the first migration failed at its second revision, the next creation runs the rest."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "SELECT 1/0")
    failed = run("create")
    assert (failed.outcome, failed.after) == (Outcome.FAILED, ("a1",))
    project.path("b2").write_text(project.path("b2").read_text().replace("1/0", "1"))
    assert (run("create").outcome, run("create").outcome) == (Outcome.MIGRATED, Outcome.NOTHING_PENDING)


def test_a_database_with_extensions_alone_is_empty(project, run, database):
    """What an extension brings is no schema of an application."""
    with database.admin() as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS plpgsql")
    project.sql("a1", "CREATE TABLE t (id int)")
    assert run("create").outcome is Outcome.MIGRATED
