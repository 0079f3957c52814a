"""The catalogue's snapshot and its differences, on real PostgreSQL."""

from collections.abc import Callable

import pytest

from bluegreen.migrations.shadow.catalogue import difference, snapshot
from bluegreen.migrations.shadow.server import Server

BEFORE = """
CREATE TABLE t (id serial PRIMARY KEY, a varchar(10) DEFAULT 'x', b int);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION on_write() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE VIEW v AS SELECT a FROM t;
CREATE SEQUENCE s;
"""


@pytest.mark.parametrize(
    ("statement", "changes"),
    [
        ("CREATE TABLE u (id int)", ["column public.u.id added", "table public.u added"]),
        ("ALTER TABLE t ADD c text", ["column public.t.c added"]),
        (
            "ALTER TABLE t ALTER b SET NOT NULL",
            ["column public.t.b changed from integer to integer NOT NULL"],
        ),
        (
            "ALTER TABLE t ALTER a DROP DEFAULT",
            ["column public.t.a changed from varchar DEFAULT 'x'::varchar to varchar"],
        ),
        ("ALTER TABLE t ALTER b TYPE bigint", ["column public.t.b changed from integer to bigint"]),
        ("ALTER TABLE t ADD CONSTRAINT c CHECK (b > 0)", ["check public.t.c added"]),
        ("ALTER TABLE t ADD CONSTRAINT c UNIQUE (b)", ["index public.c added", "unique public.t.c added"]),
        ("CREATE INDEX i ON t (b)", ["index public.i added"]),
        ("ALTER TYPE mood ADD VALUE 'happy'", ["enum public.mood changed from sad, ok to sad, ok, happy"]),
        ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION on_write()", ["trigger public.t.g added"]),
        ("DROP FUNCTION f()", ["function public.f() removed"]),
        ("DROP VIEW v", ["view public.v removed"]),
        ("ALTER SEQUENCE s INCREMENT 5", None),
        ("GRANT SELECT ON t TO PUBLIC", ["grants on public.t added"]),
        ("ALTER TABLE t ENABLE ROW LEVEL SECURITY", ["table public.t changed from  to row security"]),
        ("CREATE POLICY p ON t USING (b > 0)", ["policy public.t.p added"]),
        ("CREATE SCHEMA other", ["schema other added"]),
        ("INSERT INTO t (b) VALUES (1)", []),
        ("COMMENT ON TABLE t IS 'about'", []),
    ],
)
def test_a_snapshot_shows_what_a_statement_changed(
    shadow: Server, migrator: Callable[[str], None], statement: str, changes: list[str] | None
) -> None:
    """Every kind of object that a version may rely on is in the snapshot; rows and comments are not."""
    migrator(BEFORE)
    before = snapshot(shadow, "alembic_version")
    migrator(statement)
    # Types in full would not fit on a line.
    found = [
        str(change).replace("character varying(10)", "varchar").replace("character varying", "varchar")
        for change in difference(before, snapshot(shadow, "alembic_version"))
    ]
    if changes is None:
        assert len(found) == 1
    else:
        assert found == changes


def test_alembics_own_table_is_left_out(shadow: Server, migrator: Callable[[str], None]) -> None:
    """The version table is there after a downgrade to base, too, and is no difference."""
    before = snapshot(shadow, "alembic_version")
    migrator("CREATE TABLE alembic_version (version_num varchar(32) CONSTRAINT alembic_version_pkc PRIMARY KEY)")
    assert snapshot(shadow, "alembic_version") == before


def test_an_invalid_index_is_not_the_same_as_a_valid_one(shadow: Server, migrator: Callable[[str], None]) -> None:
    """What a failed CREATE INDEX CONCURRENTLY leaves is told by its own word."""
    migrator("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (1)")
    with pytest.raises(Exception, match="could not create unique index"):
        migrator("CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)")
    assert snapshot(shadow, "alembic_version")["index: public.i"].endswith(" INVALID")
