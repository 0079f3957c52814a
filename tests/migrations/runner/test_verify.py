"""What is told after the revisions went through, though it fails nothing."""

import pytest

from bluegreen.release.migrations.result import Outcome

MODELS = """
from sqlalchemy import Column, Index, Integer, MetaData, Table, Text
target_metadata = MetaData()
Table("t", target_metadata, Column("id", Integer), Column("note", Text))
"""


def test_a_constraint_that_was_never_validated_is_told(project, run):
    """NOT VALID is a promise to come back: the constraint is named until somebody does."""
    project.sql("a1", "CREATE TABLE t (id int)", "ALTER TABLE t ADD CONSTRAINT positive CHECK (id > 0) NOT VALID")
    result = run()
    assert result.outcome is Outcome.MIGRATED
    assert result.problems == ("constraint positive of t is NOT VALID: VALIDATE it in a later revision",)
    project.sql("b2", "ALTER TABLE t VALIDATE CONSTRAINT positive")
    assert run().problems == ()


@pytest.mark.parametrize(
    ("created", "told"),
    [
        ("CREATE TABLE t (id int, note text)", ()),
        ("CREATE TABLE t (id int)", ("add_column t.note",)),
        ("CREATE TABLE t (id int, note text, more int)", ("remove_column t.more",)),
        ("CREATE TABLE t (id int, note varchar(5))", ("modify_type t.note",)),
        ("CREATE TABLE u (id int)", ("add_table t", "remove_table u")),
    ],
)
def test_models_that_differ_from_the_database_are_told(project, run, created, told):
    """What `alembic check` would find is a problem that is told, and no failure."""
    project.env.write_text(project.env.read_text().replace("target_metadata = None", MODELS))
    project.sql("a1", created)
    result = run()
    assert result.outcome is Outcome.MIGRATED
    assert result.problems == tuple(f"the models differ from the database: {one}" for one in told)
    assert run("plan").problems == result.problems


def test_models_that_cannot_be_compared_fail_nothing(project, run):
    """What went through stays a success when the comparison itself breaks; it is told."""
    broken = MODELS + "\ndef refuse(*_): raise RuntimeError('no comparison')\n"
    project.env.write_text(
        project.env.read_text()
        .replace("target_metadata = None", broken)
        .replace(
            "connection=connection, target_metadata", "include_object=refuse, connection=connection, target_metadata"
        )
    )
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    result = run()
    assert result.outcome is Outcome.MIGRATED
    assert result.problems == ("the models cannot be compared with the database: RuntimeError: no comparison",)


def test_the_runners_own_schema_is_no_difference(project, run):
    """With all schemas included in the comparison, the fence's table is still nobody's model."""
    project.env.write_text(
        project.env.read_text()
        .replace("target_metadata = None", MODELS)
        .replace(
            "connection=connection, target_metadata", "include_schemas=True, connection=connection, target_metadata"
        )
    )
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    assert run().problems == ()


def test_an_index_that_was_invalid_before_is_told_and_fails_nothing(project, run, database):
    """Somebody else's INVALID index is named, but does not hold up a release."""
    project.sql("a1", "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (1)")
    run()
    with database.connect() as connection, pytest.raises(Exception, match="could not create unique index"):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY theirs ON t (id)")
    project.sql("b2", "ALTER TABLE t ADD COLUMN n int")
    result = run()
    assert (result.outcome, result.problems) == (
        Outcome.MIGRATED,
        ("index theirs is INVALID: drop and build it again",),
    )
