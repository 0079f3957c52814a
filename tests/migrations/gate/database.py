# ruff: noqa: S608 - the number of rows is ours
"""What samples run against: tables in use, and what a live version asks of them before and after."""

ROWS = 1000
"""So many that a statement which goes through all of them is told from one that does not."""

SCHEMA = f"""
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE customers (id serial UNIQUE NOT NULL, name varchar(100) UNIQUE NOT NULL, mood mood);
CREATE TABLE orders (
    id serial PRIMARY KEY,
    customer varchar(100) CONSTRAINT orders_customer_there CHECK (customer IS NOT NULL),
    product varchar(100) NOT NULL,
    quantity integer NOT NULL,
    status text,
    placed timestamptz DEFAULT now(),
    reference text CONSTRAINT orders_reference_key UNIQUE,
    during tsrange
);
CREATE TABLE settings (key text, value text);
CREATE TABLE moods (name text);
INSERT INTO customers (name) VALUES ('ann');
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(2, {ROWS}) n;
INSERT INTO orders (customer, product, quantity, during)
    SELECT 'ann', 'tea', n % 10, tsrange('2020-01-01'::timestamp + n * interval '2 hours',
                                         '2020-01-01'::timestamp + n * interval '2 hours' + interval '1 hour')
    FROM generate_series(1, {ROWS}) n;
ALTER TABLE orders ADD CONSTRAINT orders_small CHECK (quantity < 2000000) NOT VALID;
CREATE INDEX orders_product ON orders (product);
CREATE INDEX unused ON orders (status);
CREATE VIEW open_orders AS SELECT id FROM orders WHERE status IS NULL;
CREATE MATERIALIZED VIEW orders_total AS SELECT customer, sum(quantity) FROM orders GROUP BY customer;
CREATE UNIQUE INDEX ON orders_total (customer);
CREATE FUNCTION orders_count() RETURNS bigint LANGUAGE sql AS $$ SELECT count(*) FROM orders $$;
CREATE FUNCTION rewrite_orders() RETURNS void LANGUAGE sql AS $$ UPDATE orders SET status = 'x' $$;
CREATE PROCEDURE rewrite_all() LANGUAGE sql AS $$ UPDATE orders SET status = 'x' $$;
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE FUNCTION copy_product_to_note() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN NEW.note = NEW.product; RETURN NEW; END $$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app;
ANALYZE
"""

RESET = """
DROP SCHEMA IF EXISTS public, old CASCADE; CREATE SCHEMA public; CREATE SCHEMA old; GRANT USAGE ON SCHEMA public TO app
"""

LIVE = (
    "INSERT INTO orders (customer, product, quantity) VALUES ('ann', 'tea', 0) RETURNING placed > '2020-01-01'",
    "INSERT INTO orders (customer, product, quantity) VALUES ('ann', 'tea', 1) RETURNING status IS NULL",
    (
        "INSERT INTO orders (customer, product, quantity) VALUES ('ann', 'tea', 2)"
        " ON CONFLICT (reference) DO NOTHING RETURNING true"
    ),
    "UPDATE orders SET quantity = 2 WHERE id = 1 RETURNING true",
    f"SELECT count(*) >= {ROWS} AND count(product) >= {ROWS} AND count(quantity) >= {ROWS} FROM orders",
    "SELECT count(*) > 50 FROM orders WHERE quantity = 0",
    "SELECT count(*) > 0 FROM open_orders",
    "SELECT orders_count() > 0",
    "SELECT sum IS NOT NULL FROM orders_total",
    "SELECT mood IS DISTINCT FROM 'sad'::mood FROM customers WHERE name = 'ann'",
    "SELECT count(*) = 0 FROM settings WHERE key = 'closed'",
)
"""What the live version asks; it is well when each is answered, and with true."""

FILES = """
SELECT c.oid, c.relfilenode FROM pg_class c
WHERE c.relkind IN ('r', 'm') AND c.relnamespace = 'public'::regnamespace
"""

WORK = """
SELECT s.relname, s.seq_tup_read, s.n_tup_upd + s.n_tup_del,
       EXISTS (SELECT FROM pg_locks l WHERE l.relation = s.relid AND l.pid = pg_backend_pid() AND l.mode IN
               ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
FROM pg_stat_xact_user_tables s
"""
"""For each table: rows read one after the other, rows written, and whether others' writes wait for this transaction."""
