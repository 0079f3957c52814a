# ruff: noqa: S608, E501 - the samples are SQL
"""Pending revisions, each with what it truly does to a version that serves meanwhile.

Labelled from PostgreSQL's documentation before the gate saw them, also those that it gets wrong; `database.py` has the
tables and the live version that they are labelled against, and a test measures there what can be measured.
"""

from dataclasses import dataclass
from enum import StrEnum


class Truth(StrEnum):
    """What pending revisions do while the live version serves."""

    SAFE = "safe"
    CONTRACT = "contract"  # right once no version uses what they take away
    NEVER = "never"  # long locks, lost rows, a revision that fails, or nobody can know


@dataclass(frozen=True)
class Sample:
    """Pending revisions.

    Args:
        name: What they do.
        truth: What that does to the live version.
        why: How we know.
        upgrades: The body of each one's `upgrade()`.
    """

    name: str
    truth: Truth
    why: str
    upgrades: tuple[str, ...]


def _safe(name: str, why: str, *upgrades: str) -> Sample:
    return Sample(name, Truth.SAFE, why, upgrades)


def _contract(name: str, why: str, *upgrades: str) -> Sample:
    return Sample(name, Truth.CONTRACT, why, upgrades)


def _never(name: str, why: str, *upgrades: str) -> Sample:
    return Sample(name, Truth.NEVER, why, upgrades)


def _sql(*statements: str) -> str:
    return "\n".join(f'op.execute("""{one}""")' for one in statements)


def _alone(body: str) -> str:
    return "with op.get_context().autocommit_block():\n" + "\n".join(f"    {line}" for line in body.split("\n"))


_NEW_TABLE = """op.create_table(
    "coupons",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("code", sa.String(20), nullable=False),
    sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id")),
)"""
_ADD_NOTE = 'op.add_column("orders", sa.Column("note", sa.Text))'

COLUMNS = (
    _safe("add a nullable column", "metadata only", _ADD_NOTE),
    _safe(
        "add a column with a constant default",
        "kept once, nothing is rewritten",
        'op.add_column("orders", sa.Column("paid", sa.Boolean, server_default=sa.false(), nullable=False))',
    ),
    _safe(
        "add a column that defaults to now()",
        "now() is stable: evaluated once, nothing is rewritten",
        'op.add_column("orders", sa.Column("at", sa.DateTime, server_default=sa.func.now(), nullable=False))',
    ),
    _never(
        "add a column with a volatile default",
        "rewrites the table",
        'op.add_column("orders", sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()")))',
    ),
    _never("add a bigserial column", "rewrites the table", _sql("ALTER TABLE orders ADD COLUMN number bigserial")),
    _never(
        "add an identity column",
        "rewrites the table",
        _sql("ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY"),
    ),
    _never(
        "add a stored generated column",
        "rewrites the table",
        'op.add_column("orders", sa.Column("twice", sa.Integer, sa.Computed("quantity * 2", persisted=True)))',
    ),
    _never(
        "add a required column without a default",
        "fails: there are rows",
        'op.add_column("orders", sa.Column("shop", sa.Text, nullable=False))',
    ),
    _never(
        "add a foreign key with its column, by Alembic",
        "a second statement looks at every row under SHARE ROW EXCLUSIVE",
        'op.add_column("orders", sa.Column("customer_id", sa.Integer, sa.ForeignKey("customers.id")))',
    ),
    _safe(
        "add a nullable column with REFERENCES in one statement",
        "PostgreSQL looks at no row of a column that is NULL everywhere",
        _sql("ALTER TABLE orders ADD COLUMN customer_id integer REFERENCES customers (id)"),
    ),
    _contract("drop a column", "live queries name it", 'op.drop_column("orders", "product")'),
    _safe(
        "drop a column that a pending revision adds",
        "the live version never knew it",
        _ADD_NOTE,
        'op.drop_column("orders", "note")',
    ),
    _contract(
        "rename a column", "live queries name it", 'op.alter_column("orders", "product", new_column_name="article")'
    ),
    _never("int to bigint", "rewrites the table", 'op.alter_column("orders", "quantity", type_=sa.BigInteger)'),
    _never(
        "shorten a varchar",
        "looks at every row, fails for a long one",
        _sql("ALTER TABLE orders ALTER product TYPE varchar(10)"),
    ),
    _safe(
        "lengthen a varchar",
        "metadata only",
        'op.alter_column("orders", "product", type_=sa.String(500), existing_type=sa.String(100))',
    ),
    _safe("varchar to text", "metadata only", 'op.alter_column("orders", "product", type_=sa.Text)'),
    _never(
        "set NOT NULL",
        "looks at every row under ACCESS EXCLUSIVE, and live orders have no status",
        'op.alter_column("orders", "status", nullable=False)',
    ),
    _contract(
        "set NOT NULL by way of a validated check, all pending",
        "no scan under the lock; but live inserts leave it out, and are refused",
        _sql("ALTER TABLE orders ADD CONSTRAINT has_during CHECK (during IS NOT NULL) NOT VALID"),
        _sql("ALTER TABLE orders VALIDATE CONSTRAINT has_during"),
        'op.alter_column("orders", "during", nullable=False)',
    ),
    _safe(
        "set NOT NULL where an earlier release validated a check",
        "nothing is looked at, and the live version keeps to the check",
        _sql("ALTER TABLE orders ALTER customer SET NOT NULL"),
    ),
    _contract(
        "drop NOT NULL",
        "the live version reads the NULLs that the candidate writes",
        'op.alter_column("orders", "quantity", nullable=True)',
    ),
    _contract(
        "drop a default that live inserts need",
        "they write NULL, or fail",
        'op.alter_column("orders", "placed", server_default=None)',
    ),
    _contract(
        "add a required column and drop its default",
        "live inserts leave it out, and fail",
        'op.add_column("orders", sa.Column("shop", sa.Text, server_default="main", nullable=False))\n'
        'op.alter_column("orders", "shop", server_default=None)',
    ),
    _contract(
        "change a default",
        "live inserts that leave it out write another value",
        'op.alter_column("orders", "status", server_default="new")',
    ),
    _safe(
        "give a new column a default afterwards",
        "the live version neither reads nor writes it",
        _ADD_NOTE + '\nop.alter_column("orders", "note", server_default="")',
    ),
    _safe(
        "comment on a column", "nobody reads it", 'op.alter_column("orders", "product", comment="drop table orders")'
    ),
    _safe(
        "more statistics",
        "SHARE UPDATE EXCLUSIVE for a moment",
        _sql("ALTER TABLE orders ALTER product SET STATISTICS 500"),
    ),
)

CONSTRAINTS = (
    _never(
        "add a check",
        "looks at every row under ACCESS EXCLUSIVE",
        'op.create_check_constraint("positive", "orders", "quantity > 0")',
    ),
    _contract(
        "add a check NOT VALID that live writes break",
        "no scan; but the live version writes 0",
        'op.create_check_constraint("positive", "orders", "quantity > 0", postgresql_not_valid=True)',
    ),
    _safe(
        "add a check NOT VALID that live writes keep to",
        "no scan, and nothing is refused",
        'op.create_check_constraint("sane", "orders", "quantity < 2000000", postgresql_not_valid=True)',
    ),
    _safe(
        "add a check on a new column NOT VALID",
        "the live version leaves it NULL",
        _ADD_NOTE + '\nop.create_check_constraint("short", "orders", "note <> \'\'", postgresql_not_valid=True)',
    ),
    _safe(
        "validate a constraint", "SHARE UPDATE EXCLUSIVE", _sql("ALTER TABLE orders VALIDATE CONSTRAINT orders_small")
    ),
    _never(
        "add NOT VALID and validate in one revision",
        "the first one's lock is held while every row is looked at",
        _sql(
            "ALTER TABLE orders ADD CONSTRAINT sane CHECK (quantity < 2000000) NOT VALID",
            "ALTER TABLE orders VALIDATE CONSTRAINT sane",
        ),
    ),
    _never(
        "add a foreign key",
        "looks at every row under SHARE ROW EXCLUSIVE on both",
        'op.create_foreign_key("fk", "orders", "customers", ["customer"], ["name"])',
    ),
    _safe(
        "add a foreign key NOT VALID that live writes keep to",
        "no scan, and nothing is refused",
        'op.create_foreign_key("fk", "orders", "customers", ["customer"], ["name"], postgresql_not_valid=True)',
    ),
    _never(
        "add a unique constraint",
        "builds an index under ACCESS EXCLUSIVE",
        'op.create_unique_constraint("one", "orders", ["product"])',
    ),
    _never(
        "build a unique index concurrently, then use it, on a column in use",
        "fails, as orders repeat products, and leaves an INVALID index",
        _alone('op.create_index("one", "orders", ["product"], unique=True, postgresql_concurrently=True)'),
        _sql("ALTER TABLE orders ADD CONSTRAINT one UNIQUE USING INDEX one"),
    ),
    _safe(
        "build a unique index concurrently on a new column",
        "the live version leaves it NULL",
        _ADD_NOTE,
        _alone('op.create_index("one", "orders", ["note"], unique=True, postgresql_concurrently=True)'),
    ),
    _never(
        "add a primary key",
        "builds an index under ACCESS EXCLUSIVE",
        _sql("ALTER TABLE customers ADD PRIMARY KEY (id)"),
    ),
    _never(
        "exclude overlaps",
        "builds an index under ACCESS EXCLUSIVE",
        _sql("ALTER TABLE orders ADD CONSTRAINT apart EXCLUDE USING gist (during WITH &&)"),
    ),
    _contract(
        "drop a unique constraint that live upserts infer",
        "ON CONFLICT without it is an error",
        'op.drop_constraint("orders_reference_key", "orders", type_="unique")',
    ),
    _safe(
        "drop a check",
        "the live version writes what it wrote",
        'op.drop_constraint("orders_small", "orders", type_="check")',
    ),
)

INDEXES = (
    _never("create an index", "SHARE: every write waits", 'op.create_index("ix", "orders", ["product"])'),
    _safe(
        "create an index concurrently, alone",
        "SHARE UPDATE EXCLUSIVE",
        _alone('op.create_index("ix", "orders", ["product"], postgresql_concurrently=True)'),
    ),
    _never(
        "create an index concurrently in a transaction",
        "PostgreSQL refuses it",
        'op.create_index("ix", "orders", ["product"], postgresql_concurrently=True)',
    ),
    _never(
        "create two indexes concurrently in one revision",
        "when the second fails, the first stays, and the revision cannot be run again",
        _alone(
            'op.create_index("ix", "orders", ["product"], postgresql_concurrently=True)\n'
            'op.create_index("iy", "orders", ["status"], postgresql_concurrently=True)'
        ),
    ),
    _never(
        "create an index concurrently if it is not there",
        "an INVALID one of a failed attempt counts as there",
        _alone('op.create_index("ix", "orders", ["product"], postgresql_concurrently=True, if_not_exists=True)'),
    ),
    _never(
        "add a column, then an index concurrently, in one revision",
        "the column is committed without the revision",
        _ADD_NOTE + "\n" + _alone('op.create_index("ix", "orders", ["note"], postgresql_concurrently=True)'),
    ),
    _contract(
        "drop the index of live queries", "they get slow", _alone(_sql("DROP INDEX CONCURRENTLY orders_product"))
    ),
    _safe(
        "drop an index that no query uses",
        "nobody misses it",
        _alone('op.drop_index("unused", "orders", postgresql_concurrently=True)'),
    ),
    _safe("rename an index", "no query names it", _sql("ALTER INDEX orders_product RENAME TO ix_orders_product")),
    _never("rebuild an index", "its readers and all writers wait", _sql("REINDEX INDEX orders_product")),
    _safe(
        "rebuild an index concurrently",
        "SHARE UPDATE EXCLUSIVE",
        _alone(_sql("REINDEX INDEX CONCURRENTLY orders_product")),
    ),
)

TABLES = (
    _safe("create a table that refers to one in use", "SHARE ROW EXCLUSIVE on it for a moment", _NEW_TABLE),
    _safe(
        "create a table and its index in one revision",
        "nobody else sees the table yet",
        _NEW_TABLE + '\nop.create_index("ix", "coupons", ["code"])',
    ),
    _safe(
        "change a table that a pending revision creates",
        "the live version does not know it",
        _NEW_TABLE,
        'op.alter_column("coupons", "code", type_=sa.Text)\nop.create_unique_constraint("one", "coupons", ["code"])\n'
        'op.add_column("coupons", sa.Column("left", sa.Integer, nullable=False))\nop.drop_column("coupons", "order_id")',
    ),
    _safe(
        "fill and empty a table that a pending revision creates",
        "the live version does not know it",
        _NEW_TABLE,
        _sql("INSERT INTO coupons (id, code) VALUES (1, 'x')", "UPDATE coupons SET code = 'y'", "DELETE FROM coupons"),
    ),
    _never(
        "create a table if it is not there, and index it",
        "it is there, and every write to it waits",
        _sql("CREATE TABLE IF NOT EXISTS orders (id integer)", "CREATE INDEX ix ON orders (id)"),
    ),
    _contract("drop a table", "live queries name it", 'op.drop_table("customers")'),
    _contract("rename a table", "live queries name it", 'op.rename_table("orders", "purchases")'),
    _safe(
        "rename a table and leave a view of the old name",
        "live queries go through the view, which can be written to; one transaction",
        'op.rename_table("orders", "purchases")\n' + _sql("CREATE VIEW orders AS SELECT * FROM purchases"),
    ),
    _contract(
        "move a table to another schema", "live queries no longer find it", _sql("ALTER TABLE orders SET SCHEMA old")
    ),
    _never(
        "move a table to another tablespace",
        "copies it under ACCESS EXCLUSIVE",
        _sql("ALTER TABLE orders SET TABLESPACE fast"),
    ),
    _never("make a table unlogged", "rewrites it", _sql("ALTER TABLE orders SET UNLOGGED")),
    _never("VACUUM FULL", "rewrites it under ACCESS EXCLUSIVE", _alone(_sql("VACUUM FULL orders"))),
    _never("CLUSTER", "rewrites it under ACCESS EXCLUSIVE", _sql("CLUSTER orders USING orders_pkey")),
    _safe(
        "tune autovacuum",
        "SHARE UPDATE EXCLUSIVE for a moment",
        _sql("ALTER TABLE orders SET (autovacuum_vacuum_scale_factor = 0.01)"),
    ),
    _contract(
        "switch on row security", "the live version sees no row", _sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY")
    ),
    _safe(
        "add a column to two tables in one revision",
        "both locks for a moment; lock_timeout ends a wait before a deadlock is looked for",
        _ADD_NOTE + '\nop.add_column("customers", sa.Column("note", sa.Text))',
    ),
)

DATA = (
    _never("update every row", "all of them locked until the end", _sql("UPDATE orders SET status = 'open'")),
    _never(
        "update every row, WHERE true",
        "all of them locked until the end",
        _sql("UPDATE orders SET status = 'open' WHERE 1 = 1"),
    ),
    _never(
        "update every row in a WITH",
        "all of them locked until the end",
        _sql("WITH done AS (UPDATE orders SET status = 'open' RETURNING id) SELECT count(*) FROM done"),
    ),
    _never(
        "update nearly every row by a WHERE",
        "all of them locked until the end",
        _sql("UPDATE orders SET product = lower(product) WHERE id > 0"),
    ),
    _safe("correct one row", "one row locked for a moment", _sql("UPDATE orders SET quantity = 1 WHERE id = 4711")),
    _never(
        "add a column and fill it in one revision",
        "ACCESS EXCLUSIVE is held while rows are written",
        _ADD_NOTE + "\n" + _sql("UPDATE orders SET note = product WHERE note IS NULL"),
    ),
    _never("delete every row", "live data is gone", _sql("DELETE FROM customers")),
    _contract(
        "delete rows that the live version reads", "they are gone", _sql("DELETE FROM orders WHERE quantity = 0")
    ),
    _never("truncate", "live data is gone, under ACCESS EXCLUSIVE", _sql("TRUNCATE customers")),
    _never("lock a table", "writers wait until the end", _sql("LOCK TABLE orders IN SHARE MODE")),
    _never("lock every row for update", "writers wait until the end", _sql("SELECT id FROM orders FOR UPDATE")),
    _safe(
        "insert a few rows",
        "nobody waits",
        'op.bulk_insert(sa.table("moods", sa.column("name", sa.Text)), [{"name": "glad"}])',
    ),
    _contract(
        "insert a row that changes what the live version does",
        "it reads the row and stops taking orders",
        _sql("INSERT INTO settings VALUES ('closed', 'true')"),
    ),
    _never(
        "move rows in Python",
        "updates every row",
        'rows = op.get_bind().execute(sa.text("SELECT id FROM orders")).fetchall()\nfor row in rows:\n'
        '    op.execute(sa.text("UPDATE orders SET status = 1 WHERE id = :id").bindparams(id=row.id))',
    ),
    _safe(
        "look before adding a column, in Python",
        "adds a nullable column at most",
        'if "note" not in [one["name"] for one in sa.inspect(op.get_bind()).get_columns("orders")]:\n    ' + _ADD_NOTE,
    ),
)

CODE = (
    _contract(
        "drop a table in a DO block", "live queries name it", _sql("DO $$ BEGIN EXECUTE 'DROP TABLE customers'; END $$")
    ),
    _safe("do nothing in a DO block", "nothing happens", _sql("DO $$ BEGIN NULL; END $$")),
    _never("call a function that rewrites", "rewrites every row", _sql("SELECT rewrite_orders()")),
    _never("call a procedure that rewrites", "rewrites every row", _sql("CALL rewrite_all()")),
    _safe(
        "create a function",
        "nobody calls it yet",
        _sql("CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql AS $$ DELETE FROM orders; SELECT n * 2 $$"),
    ),
    _contract(
        "replace a function by one that does other than before",
        "the live version calls it",
        _sql("CREATE OR REPLACE FUNCTION orders_count() RETURNS bigint LANGUAGE sql AS $$ SELECT 0::bigint $$"),
    ),
    _contract("drop a function", "the live version calls it", _sql("DROP FUNCTION orders_count()")),
    _contract(
        "create a trigger that refuses",
        "live writes fail",
        _sql("CREATE TRIGGER no BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()"),
    ),
    _safe(
        "keep an old and a new column in step by a trigger",
        "live writes go on, a little slower",
        _ADD_NOTE,
        _sql("CREATE TRIGGER step BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION copy_product_to_note()"),
    ),
    _contract(
        "rewrite live queries by a rule",
        "live inserts do nothing",
        _sql("CREATE RULE r AS ON INSERT TO orders DO INSTEAD NOTHING"),
    ),
    _contract("drop a view", "live queries name it", _sql("DROP VIEW open_orders")),
    _never(
        "refresh a materialized view", "its readers wait for all of it", _sql("REFRESH MATERIALIZED VIEW orders_total")
    ),
    _safe(
        "refresh a materialized view concurrently",
        "its readers go on",
        _sql("REFRESH MATERIALIZED VIEW CONCURRENTLY orders_total"),
    ),
)

KINDS = (
    _contract(
        "add a value to an enum",
        "the live version reads one that it does not know",
        _sql("ALTER TYPE mood ADD VALUE 'ok'"),
    ),
    _contract(
        "rename a value of an enum", "live queries name it", _sql("ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'")
    ),
    _safe(
        "create an enum and a column of it",
        "metadata only",
        _sql("CREATE TYPE tone AS ENUM ('a')", "ALTER TABLE orders ADD tone tone"),
    ),
    _contract("drop a type", "live queries name it", _sql("DROP TYPE mood CASCADE")),
    _contract(
        "restart a sequence",
        "live inserts take keys that are taken",
        _sql("ALTER SEQUENCE orders_id_seq RESTART WITH 1"),
    ),
    _safe("create an extension", "nothing that is there changes", _sql("CREATE EXTENSION IF NOT EXISTS plpgsql")),
)

SESSIONS = (
    _contract("revoke", "live queries are denied", _sql("REVOKE SELECT ON orders FROM app")),
    _safe("grant", "nobody waits", _sql("GRANT SELECT ON orders TO reports")),
    _never(
        "wait longer for locks",
        "live readers wait as long behind it",
        _sql("SET LOCAL lock_timeout = '10s'", "ALTER TABLE orders ADD a int"),
    ),
    _never(
        "change the role", "what it makes belongs to somebody else", _sql("SET ROLE postgres", "CREATE TABLE x (a int)")
    ),
    _never("commit half-way", "what stands before cannot be taken back", _ADD_NOTE + "\n" + _sql("COMMIT")),
    _never(
        "hide a drop from the linter",
        "live queries name it",
        _sql("-- squawk-ignore-file\nALTER TABLE orders DROP COLUMN product; TRUNCATE orders"),
    ),
    _safe(
        "say dangerous words in text", "they are text", _sql("COMMENT ON TABLE orders IS 'x; DROP TABLE orders; --'")
    ),
    _never("copy from a file of the server", "nobody knows what is in it", _sql("COPY orders FROM '/tmp/orders.csv'")),
)

SAMPLES = (*COLUMNS, *CONSTRAINTS, *INDEXES, *TABLES, *DATA, *CODE, *KINDS, *SESSIONS)
