"""Taking revisions back: only what is reversible, and only what loses nothing."""

import pytest

from bluegreen.release.migrations.result import Outcome


@pytest.fixture
def noted(project, run):
    """A table with a column that its revision can take back."""
    project.sql("a1", "CREATE TABLE t (id int)").sql(
        "b2", "ALTER TABLE t ADD COLUMN note text", downgrade='op.drop_column("t", "note")'
    )
    assert run().outcome is Outcome.MIGRATED
    return project


@pytest.mark.usefixtures("noted")
def test_an_unused_column_is_taken_back(run, database):
    """A column that is null in every row goes, and the result says from where to where."""
    database.query("INSERT INTO t (id) VALUES (1)")
    result = run("downgrade", to="a1")
    assert (result.outcome, result.before, result.after) == (Outcome.MIGRATED, ("b2",), ("a1",))
    assert [one.revision for one in result.revisions] == ["b2"]


@pytest.mark.usefixtures("noted")
def test_values_are_never_lost(run, database):
    """A column with a single value stays: the downgrade is refused, the column named, its value not."""
    database.query("INSERT INTO t VALUES (1, 'precious')")
    result = run("downgrade", to="a1")
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.REFUSED, "b2", ("b2",))
    assert result.message == "revision b2: its downgrade would lose values of t.note"
    assert database.scalar("SELECT note FROM t") == "precious"


@pytest.mark.usefixtures("noted")
def test_a_value_that_came_after_the_look_is_not_lost(run, database, monkeypatch):
    """The look is repeated under a lock, in the downgrade's own transaction."""
    from bluegreen.migrations import downgrade  # noqa: PLC0415

    losses = downgrade.losses

    def slow(statements):
        found = losses(statements)
        if not database.query("SELECT 1 FROM t") and calls:
            database.query("INSERT INTO t VALUES (1, 'late')")
        calls.append(found)
        return found

    calls: list[object] = []
    monkeypatch.setattr(downgrade, "losses", slow)
    result = run("downgrade", to="a1")
    assert (len(calls), result.outcome) == (2, Outcome.REFUSED)
    assert database.scalar("SELECT note FROM t") == "late"


def test_a_table_with_rows_stays(project, run, database):
    """A table that a revision made goes when it is empty, and stays when it has a row."""
    project.add("a1", "pass").sql("b2", "CREATE TABLE t (id int)", downgrade='op.drop_table("t")')
    run()
    database.query("INSERT INTO t VALUES (1)")
    assert run("downgrade", to="a1").message == "revision b2: its downgrade would lose rows of t"
    database.query("DELETE FROM t")
    assert run("downgrade", to="a1").after == ("a1",)


@pytest.mark.parametrize(
    ("downgrade", "why"),
    [
        ("pass", "is not reversible"),
        ("raise NotImplementedError", "is not reversible"),
        ('op.execute("DELETE FROM t")', "cannot tell what would be lost by: DELETE FROM t"),
        ('op.execute("DROP TABLE t CASCADE")', "cannot tell what would be lost by"),
        ('op.execute("DROP SCHEMA public CASCADE")', "cannot tell what would be lost by"),
        ('op.execute("ALTER TABLE t DROP COLUMN note; DROP TABLE t")', "cannot tell what would be lost by"),
        ('op.get_bind().execute(sa.text("SELECT 1")).scalar()', "what its downgrade would lose is not known"),
    ],
)
def test_what_cannot_be_judged_is_refused(project, run, downgrade, why):
    """A downgrade that does nothing, or whose loss nobody can name beforehand, does not run."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN note text", downgrade=downgrade)
    run()
    result = run("downgrade", to="a1")
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.REFUSED, "b2", ("b2",))
    assert why in result.message


def test_all_are_looked_at_before_the_first_is_taken_back(noted, run):
    """When an older revision cannot go back, the newer ones stay too."""
    noted.sql("c3", "CREATE TABLE u (id int)", downgrade='op.drop_table("u")')
    run()
    result = run("downgrade", to="base")
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.REFUSED, "a1", ("c3",))


@pytest.mark.usefixtures("noted")
def test_already_there_is_success(run):
    """A downgrade to where the database is does nothing, and so can be told twice."""
    run("downgrade", to="a1")
    assert run("downgrade", to="a1").outcome is Outcome.NOTHING_PENDING


@pytest.mark.usefixtures("noted")
def test_an_unknown_target_is_named(run):
    """A revision that the image does not have is refused with those that it has."""
    result = run("downgrade", to="zz")
    assert result.outcome is Outcome.FAILED
    assert "no revision zz in this image; it has a1, b2" in result.message


def test_an_older_image_cannot_take_back_what_it_does_not_know(noted, run):
    """The image that applied a revision is the one to take it back; another says so."""
    noted.path("b2").unlink()
    result = run("downgrade", to="a1")
    assert result.outcome is Outcome.FAILED
    assert "downgrade from the image that applied it" in result.message


def test_an_index_built_concurrently_is_dropped_concurrently(noted, run, database):
    """A downgrade outside any transaction runs as such."""
    noted.outside("c3", "CREATE INDEX CONCURRENTLY by_note ON t (note)")
    noted.path("c3").write_text(
        noted.path("c3")
        .read_text()
        .replace(
            "    pass",
            "    with op.get_context().autocommit_block():\n        op.execute('DROP INDEX CONCURRENTLY by_note')",
        )
    )
    run()
    assert run("downgrade", to="b2").after == ("b2",)
    assert database.query("SELECT 1 FROM pg_class WHERE relname = 'by_note'") == []
