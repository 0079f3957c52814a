"""Who owns the schema, and what the application's user may do in it."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from bluegreen.release.migrations.result import Outcome

OWNER, USER, PASSWORD = "app_owner", "app_user", "sesame-opens-42"
WAITS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'ALTER ROLE%' AND wait_event_type = 'Lock'"
NAMED = {"owner_role": OWNER, "application_user": USER, "application_password": PASSWORD}


@pytest.fixture
def prepared(project, run, database):
    project.sql("a1", "CREATE TABLE t (id bigserial PRIMARY KEY, note text)")
    result = run("create", **NAMED)
    assert (result.outcome, result.problems) == (Outcome.MIGRATED, ()), result
    return database


def test_everything_belongs_to_the_owner_role(prepared):
    """Tables, sequences, Alembic's table and the fence belong to a role that nobody can log in as."""
    owners = prepared.query(
        "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class"
        " WHERE relnamespace::regnamespace::text IN ('public', 'bluegreen')"
    )
    assert owners == [(OWNER,)]
    assert prepared.scalar("SELECT rolcanlogin FROM pg_roles WHERE rolname = 'app_owner'") is False


def test_the_application_may_use_rows_and_sequences(prepared):
    """Its user logs in with its password, and reads, writes, changes and deletes rows."""
    with prepared.connect(USER, PASSWORD) as connection:
        connection.execute("INSERT INTO t (note) VALUES ('a')")
        connection.execute("UPDATE t SET note = 'b'")
        assert connection.execute("DELETE FROM t RETURNING note").fetchall() == [("b",)]
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("a1",)]


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (id int)",
        "DROP TABLE t",
        "ALTER TABLE t ADD COLUMN n int",
        "TRUNCATE t",
        "CREATE INDEX ON t (note)",
        "UPDATE alembic_version SET version_num = 'x'",
        "SELECT * FROM bluegreen.fence",
        f"SET ROLE {OWNER}",
    ],
)
def test_the_application_may_define_nothing(prepared, statement):
    """Its user can neither create, change nor drop anything, nor say at which revision the database is."""
    with prepared.connect(USER, PASSWORD) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


def test_later_tables_are_usable_at_once(project, run, prepared):
    """A table that a later revision makes is open to the application from its first moment."""
    project.sql("b2", "CREATE TABLE later (id serial)")
    assert run(**NAMED).outcome is Outcome.MIGRATED
    with prepared.connect(USER, PASSWORD) as connection:
        connection.execute("INSERT INTO later DEFAULT VALUES")


def test_a_changed_password_counts_from_the_next_run(run, prepared):
    """A run sets the application user's present password, even with nothing pending."""
    run(**NAMED | {"application_password": "another-one-43"})
    with prepared.connect(USER, "another-one-43") as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with pytest.raises(psycopg.OperationalError), prepared.connect(USER, PASSWORD):
        pass


def test_an_owner_role_adopts_what_the_migrator_made_before(project, run, database):
    """A project that gets an owner role later goes on: what the migrator made in its own name is handed over."""
    project.sql("a1", "CREATE TABLE t (id bigserial)", "CREATE TYPE mood AS ENUM ('ok')", "CREATE VIEW v AS SELECT 1")
    run()
    project.sql("b2", "ALTER TABLE t ADD COLUMN note text")
    result = run(**NAMED)
    assert (result.outcome, result.problems) == (Outcome.MIGRATED, ()), result.message
    with database.connect() as connection:  # a version that still logs in as the migrator
        connection.execute("INSERT INTO t (note) VALUES ('a')")


def test_the_roles_need_no_transaction_of_env_py(project, run):
    """An env.py that begins a transaction around everything gets its roles all the same."""
    project.env.write_text(project.env.read_text().replace("connectable.connect()", "connectable.begin()"))
    project.sql("a1", "CREATE TABLE t (id int)")
    result = run(**NAMED)
    assert (result.outcome, result.problems) == (Outcome.MIGRATED, ()), result.message


def test_tables_of_others_are_told(project, run, database):
    """What belongs to a third role is not taken from it, but named."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run(owner_role=OWNER)
    with database.admin() as connection:
        connection.execute("CREATE TABLE theirs (id int)")
    result = run(owner_role=OWNER)
    assert "theirs is owned by rdsadmin, not by app_owner: ALTER ... OWNER TO it" in result.problems


def test_no_password_reaches_the_servers_log(project, run, database):
    """Even with every statement logged, neither user's password is in the server's log."""
    with database.admin() as connection:
        connection.execute(f"ALTER DATABASE \"{database.name}\" SET log_statement = 'all'")
    project.sql("a1", "CREATE TABLE t (id int)")
    before = len(database.log)
    run(**NAMED)
    logged = database.log[before:]
    assert "CREATE TABLE t" in logged
    assert "SCRAM-SHA-256$" in logged
    assert PASSWORD not in logged


def test_roles_that_somebody_else_changes_at_the_same_time_are_made_later(run, prepared):
    """PostgreSQL fails the second of two who change one role at once ("tuple concurrently updated"): it tries again."""
    with prepared.connect() as other, ThreadPoolExecutor(1) as pool:
        with other.transaction():
            other.execute(f"ALTER ROLE {USER} PASSWORD 'of-the-other-44'")
            running = pool.submit(run, lock_timeout_ms=10_000, **NAMED)
            prepared.wait_for(WAITS)
        result = running.result()
    assert (result.outcome, result.problems) == (Outcome.NOTHING_PENDING, ()), result.message
    with prepared.connect(USER, PASSWORD) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_password_is_needed(project, run):
    """An application user without a password is refused, with the variable that lacks one."""
    project.sql("a1", "CREATE TABLE t (id int)")
    result = run(application_user=USER)
    assert result.outcome is Outcome.FAILED
    assert "BLUEGREEN_APPLICATION_PASSWORD is empty" in result.message


def test_a_migrator_who_may_not_is_told_what_it_lacks(project, run, database):
    """A migrator without CREATEROLE gets the database's words and what it needs."""
    with database.admin() as connection:
        connection.execute("CREATE ROLE plain LOGIN PASSWORD 'plain-password'")
    try:
        project.ini.write_text(project.ini.read_text().replace("migrator:migrator-password", "plain:plain-password"))
        result = run(owner_role="another_owner")
        assert result.outcome is Outcome.FAILED
        assert "permission denied" in result.message
        assert "CREATEROLE" in result.message
    finally:
        with database.admin() as connection:
            connection.execute("DROP ROLE plain")
