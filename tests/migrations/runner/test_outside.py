"""Revisions outside any transaction: what a failure leaves, and how the next run repairs it."""

from bluegreen.release.migrations.result import Outcome

BUILD = "CREATE UNIQUE INDEX CONCURRENTLY one_id ON t (id)"


def duplicates(project, run):
    """A table in which a unique index cannot be built."""
    project.sql("a1", "CREATE TABLE t (id int)", "INSERT INTO t VALUES (7), (7)")
    run()


def test_a_concurrent_index_that_fails_leaves_the_database_dirty(project, run, database):
    """A unique index that meets duplicates stays INVALID: the result names it, and the version is not advanced."""
    duplicates(project, run)
    project.outside("b2", BUILD)
    result = run()
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.DIRTY, "b2", ("a1",))
    assert 'could not create unique index "one_id" (SQLSTATE 23505)' in result.message
    assert "left INVALID one_id" in result.message
    assert "(7)" not in result.to_line()
    assert database.scalar("SELECT dirty_revision FROM bluegreen.fence") == "b2"


def test_the_next_run_repairs_what_was_left(project, run, database):
    """Once the data allows it, the same revision runs again: its INVALID index is dropped first, the mark goes."""
    duplicates(project, run)
    project.outside("b2", BUILD)
    run()
    database.query("DELETE FROM t")
    planned = run("plan")
    assert (planned.outcome, planned.message) == (Outcome.PENDING, "revision b2 was left half-done; the run repairs it")
    result = run()
    assert (result.outcome, result.problems) == (Outcome.MIGRATED, ())
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_id'::regclass") == [(True,)]
    assert database.query("SELECT dirty_revision, indexes_before FROM bluegreen.fence") == [(None, None)]


def test_an_index_that_was_built_before_the_runner_died_is_built_again(project, run, database):
    """A runner killed between index and version leaves a valid index, which the mark tells from an older one."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.outside("b2", BUILD)
    database.query("UPDATE bluegreen.fence SET dirty_revision = 'b2', indexes_before = '[]'")
    database.query(BUILD)
    assert run().outcome is Outcome.MIGRATED


def test_an_index_of_somebody_else_is_never_dropped(project, run, database):
    """A valid index of the same name that was there before the revision began stays, and the revision fails on it."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    database.query(BUILD)
    project.outside("b2", BUILD)
    for _ in range(2):
        result = run()
        assert result.outcome is Outcome.FAILED
        assert 'relation "one_id" already exists' in result.message
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_id'::regclass") == [(True,)]


def test_if_not_exists_does_not_hide_an_invalid_index(project, run, database):
    """IF NOT EXISTS would succeed on an INVALID index; the runner drops it first, so that a real one is built."""
    duplicates(project, run)
    project.outside("b2", BUILD.replace("one_id", "IF NOT EXISTS one_id"))
    run()
    database.query("DELETE FROM t")
    assert run().outcome is Outcome.MIGRATED
    assert database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'one_id'::regclass") == [(True,)]


def test_a_single_statement_that_left_nothing_is_no_damage(project, run, database):
    """One statement that PostgreSQL refused at once has done nothing: the database is clean, and the run failed."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.outside("b2", "CREATE INDEX CONCURRENTLY by_what ON t (what)")
    result = run()
    assert result.outcome is Outcome.FAILED
    assert database.scalar("SELECT dirty_revision FROM bluegreen.fence") is None


def test_several_statements_leave_it_unknown(project, run, database):
    """After the second of two statements failed the first stays done: dirty, and said so."""
    project.sql("a1", "CREATE TABLE t (id int)", "CREATE TYPE mood AS ENUM ('sad')")
    run()
    project.outside("b2", "ALTER TYPE mood ADD VALUE 'ok'", "SELECT 1/0")
    result = run()
    assert result.outcome is Outcome.DIRTY
    assert "some of its statements may have been done" in result.message
    assert database.scalar("SELECT dirty_revision FROM bluegreen.fence") == "b2"


def test_an_invalid_index_that_a_revision_hides_is_found(project, run):
    """A revision that builds an index behind the runner's back and leaves it INVALID is no success."""
    duplicates(project, run)
    project.outside("b2", BUILD)
    project.path("b2").write_text(
        project.path("b2")
        .read_text()
        .replace(
            f"op.execute({BUILD!r})",
            f"\n        try: op.get_bind().exec_driver_sql({BUILD!r})\n        except sa.exc.IntegrityError: pass",
        )
    )
    result = run()
    assert result.outcome is Outcome.DIRTY
    assert "one_id" in result.message
