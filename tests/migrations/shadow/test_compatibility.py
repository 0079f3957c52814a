"""What the live version's models would meet: Alembic's real comparison on real PostgreSQL, and what we make of it."""

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    NullPool,
    SmallInteger,
    String,
    Table,
    create_engine,
    func,
    inspect,
)

from bluegreen.migrations.shadow.compatibility import breaks
from bluegreen.migrations.shadow.server import DATABASE, Server

LIVE = MetaData()
Table(
    "orders",
    LIVE,
    Column("id", Integer, primary_key=True),
    Column("customer", String(100), nullable=False),
    Column("note", String(100)),
    Column("quantity", Integer, nullable=False),
    Column("size", SmallInteger),
    Column("code", String(10), unique=True),
    Column("placed", Integer, server_default=func.length("x"), nullable=False),
    Column("parent", Integer, ForeignKey("parents.id")),
)
Table("parents", LIVE, Column("id", Integer, primary_key=True), Column("weight", BigInteger))

HARMLESS = [
    "SELECT 1",
    "CREATE TABLE other (id int PRIMARY KEY, name text NOT NULL UNIQUE)",
    "ALTER TABLE orders ADD extra text",
    "ALTER TABLE orders ADD extra text NOT NULL DEFAULT ''",
    "ALTER TABLE orders ADD extra int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE orders ADD extra int GENERATED ALWAYS AS (quantity * 2) STORED",
    "ALTER TABLE orders ADD extra text UNIQUE",
    "ALTER TABLE orders ADD extra int REFERENCES parents",
    "CREATE INDEX i ON orders (note)",
    "ALTER TABLE orders ALTER note TYPE varchar(200)",
    "ALTER TABLE orders ALTER note TYPE text",
    "ALTER TABLE orders ALTER quantity TYPE bigint",
    "ALTER TABLE orders ALTER size TYPE int",
]
BROKEN = [
    ("DROP TABLE orders", "orders", "the table is gone"),
    ("ALTER TABLE orders RENAME TO purchases", "orders", "the table is gone"),
    ("ALTER TABLE orders DROP note", "orders.note", "the column is gone"),
    ("ALTER TABLE orders RENAME note TO remark", "orders.note", "the column is gone"),
    ("ALTER TABLE orders ADD extra text NOT NULL", "orders.extra", "NOT NULL without a default"),
    ("ALTER TABLE orders ALTER note SET NOT NULL", "orders.note", "now NOT NULL"),
    ("ALTER TABLE orders ALTER note TYPE varchar(50)", "orders.note", "is now VARCHAR(50) and was VARCHAR(100)"),
    ("ALTER TABLE orders ALTER quantity TYPE smallint", "orders.quantity", "is now SMALLINT and was INTEGER"),
    ("ALTER TABLE orders ALTER quantity TYPE text", "orders.quantity", "is now TEXT and was INTEGER"),
    ("ALTER TABLE orders ALTER placed DROP DEFAULT", "orders.placed", "the default is gone"),
    ("CREATE UNIQUE INDEX i ON orders (customer)", "orders.customer", "i now forbids equal values"),
    ("ALTER TABLE orders ADD CONSTRAINT c UNIQUE (note, size)", "orders.note, size", "c now forbids equal values"),
    (
        "ALTER TABLE orders ADD extra int NOT NULL DEFAULT 1, ADD CONSTRAINT c UNIQUE (extra)",
        "orders.extra",
        "c now forbids equal values",
    ),
    (
        "ALTER TABLE orders ADD CONSTRAINT c FOREIGN KEY (size) REFERENCES parents",
        "orders.size",
        "foreign key c is new",
    ),
]
ODD = [
    ("ALTER TABLE orders ALTER customer DROP NOT NULL", "orders.customer", "may now be NULL"),
    ("ALTER TABLE orders DROP CONSTRAINT orders_code_key", "orders.code", "an upsert (ON CONFLICT) on it fails"),
]


@pytest.fixture
def after(shadow: Server) -> Callable[[str], tuple]:
    """Makes the live version's tables, runs a statement, and returns what then breaks."""

    def run(statement: str) -> tuple:
        url = f"postgresql+psycopg://{shadow.user}:{shadow.password}@{shadow.host}:{shadow.port}/{DATABASE}"
        with create_engine(url, poolclass=NullPool).connect() as connection:
            LIVE.create_all(connection)
            connection.exec_driver_sql(statement)
            assert inspect(connection)
            context = MigrationContext.configure(connection, opts={"compare_server_default": True})
            return breaks(compare_metadata(context, LIVE))

    return run


@pytest.mark.parametrize("statement", HARMLESS)
def test_what_the_live_version_need_not_know_of_breaks_nothing(after: Callable[[str], tuple], statement: str) -> None:
    """Its queries and its writes go on as before, so nothing is told."""
    assert after(statement) == ()


@pytest.mark.parametrize(("statement", "where", "what"), BROKEN)
def test_what_makes_its_queries_fail_is_told_with_its_place(
    after: Callable[[str], tuple], statement: str, where: str, what: str
) -> None:
    """Each break names the table and the column, and is fatal."""
    found = {one.where: one for one in after(statement)}
    assert what in found[where].what
    assert found[where].fatal


@pytest.mark.parametrize(("statement", "where", "what"), ODD)
def test_what_may_only_surprise_it_is_not_fatal(
    after: Callable[[str], tuple], statement: str, where: str, what: str
) -> None:
    """What depends on how the live version reads and writes is told, and blocks nothing."""
    (one,) = after(statement)
    assert one.where == where
    assert what in one.what
    assert not one.fatal
