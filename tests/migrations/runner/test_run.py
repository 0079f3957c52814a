"""Running what is pending, on real PostgreSQL."""

from bluegreen.release.migrations.result import Outcome


def test_pending_revisions_run_in_order_and_are_told(project, run, database):
    """What is pending runs, the oldest first, and the result says from where to where."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN note text")
    result = run()
    assert (result.outcome, result.message) == (Outcome.MIGRATED, "")
    assert (result.before, result.after, result.heads) == ((), ("b2",), ("b2",))
    assert [one.revision for one in result.revisions] == ["a1", "b2"]
    assert database.scalar("SELECT version_num FROM alembic_version") == "b2"


def test_a_plan_changes_nothing(project, run, database):
    """A plan tells what is pending with its SQL, and leaves an empty database empty."""
    project.sql("a1", "CREATE TABLE t (id int)")
    result = run("plan")
    assert result.outcome is Outcome.PENDING
    assert result.revisions[0].sql == "CREATE TABLE t (id int)"
    assert (
        database.query("SELECT 1 FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'bluegreen')") == []
    )
