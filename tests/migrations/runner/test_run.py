"""Running what is pending, on real PostgreSQL: what goes through, what stays, and what is told of a failure."""

import pytest

from bluegreen.release.migrations.result import Outcome

OURS = "SELECT relname FROM pg_class WHERE relnamespace::regnamespace::text IN ('public', 'bluegreen')"


def test_pending_revisions_run_in_order_and_are_told(project, run, database):
    """What is pending runs, the oldest first, and the result says from where to where."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN note text")
    result = run()
    assert (result.outcome, result.message) == (Outcome.MIGRATED, "")
    assert (result.before, result.after, result.heads) == ((), ("b2",), ("b2",))
    assert [one.revision for one in result.revisions] == ["a1", "b2"]
    assert all(one.seconds is not None and one.attempts == 1 for one in result.revisions)
    assert database.scalar("SELECT version_num FROM alembic_version") == "b2"


def test_a_plan_changes_nothing(project, run, database):
    """A plan tells what is pending with its SQL, and leaves an empty database empty."""
    project.sql("a1", "CREATE TABLE t (id int)")
    result = run("plan")
    assert result.outcome is Outcome.PENDING
    assert result.revisions[0].sql == "CREATE TABLE t (id int)"
    assert database.query(OURS) == []


def test_nothing_pending_is_success(project, run):
    """A database at the image's head needs nothing, in a plan and in a run."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    assert [run(command).outcome for command in ("plan", "run")] == [Outcome.NOTHING_PENDING] * 2


def test_a_failed_transactional_revision_leaves_the_database_untouched(project, run, database):
    """When the second statement of a revision fails, its first is undone, and the revision and the cause are named."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.sql("b2", "ALTER TABLE t ADD COLUMN note text", "ALTER TABLE nowhere ADD COLUMN note text")
    result = run()
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.FAILED, "b2", ("a1",))
    assert result.message == 'revision b2: relation "nowhere" does not exist (SQLSTATE 42P01); it was rolled back'
    assert database.query("SELECT attname FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0") == [("id",)]


def test_revisions_before_the_failed_one_stay(project, run, database):
    """Each revision is a transaction of its own: those that went through stay, and are told."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN n int").sql("c3", "SELECT 1/0")
    result = run()
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.FAILED, "c3", ("b2",))
    assert [one.revision for one in result.revisions] == ["a1", "b2"]
    assert database.scalar("SELECT version_num FROM alembic_version") == "b2"


def test_a_message_holds_no_value_of_a_row(project, run):
    """PostgreSQL's DETAIL names the offending row; the message ends before it."""
    project.sql("a1", "CREATE TABLE t (id text)", "INSERT INTO t VALUES ('hush'), ('hush')")
    run()
    project.sql("b2", "ALTER TABLE t ADD CONSTRAINT one UNIQUE (id)")
    result = run()
    assert result.message.startswith('revision b2: could not create unique index "one" (SQLSTATE 23505)')
    assert "hush" not in result.to_line()


def test_a_database_ahead_of_the_image_is_told_so(project, run):
    """An image that lacks the database's revision neither runs nor fails on it: it says that it is older."""
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN n int")
    run()
    project.path("b2").unlink()
    result = run("plan")
    assert (result.outcome, result.before, result.heads) == (Outcome.AHEAD, ("b2",), ("a1",))
    assert run().outcome is Outcome.AHEAD


def test_tables_that_alembic_never_made_are_refused(project, run, database):
    """A schema without a revision is somebody else's, or not stamped yet: nothing runs on it."""
    database.query("CREATE TABLE theirs (id int)")
    project.sql("a1", "CREATE TABLE t (id int)")
    for command in ("plan", "run", "create"):
        result = run(command)
        assert result.outcome is Outcome.REFUSED
        assert "alembic stamp" in result.message
    assert [row[0] for row in database.query(OURS)] == ["theirs"]


def test_an_async_env_py_runs_unchanged(project, run, database):
    """Alembic's async template works as it is, with an autocommit block too."""
    pytest.importorskip("greenlet")
    project.use_template("async", "postgresql+psycopg_async")
    project.sql("a1", "CREATE TABLE t (id int)").outside("b2", "CREATE INDEX CONCURRENTLY by_id ON t (id)")
    result = run()
    assert (result.outcome, result.after) == (Outcome.MIGRATED, ("b2",)), result.message
    assert database.scalar("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_id'::regclass") is True


def test_an_env_py_that_begins_its_own_transaction_runs(project, run):
    """`engine.begin()` around everything commits once a revision, since each is a run of env.py."""
    project.env.write_text(project.env.read_text().replace("connectable.connect()", "connectable.begin()"))
    project.sql("a1", "CREATE TABLE t (id int)").sql("b2", "ALTER TABLE t ADD COLUMN n int").sql("c3", "SELECT 1/0")
    result = run()
    assert (result.outcome, result.after) == (Outcome.FAILED, ("b2",))


def test_the_callback_and_arguments_of_env_py_still_count(project, run, database):
    """What env.py passes to configure() and run_migrations() reaches Alembic beside the runner's own."""
    project.env.write_text(
        project.env.read_text()
        .replace(
            "connection=connection, target_metadata",
            "on_version_apply=lambda ctx, **_: ctx.connection.exec_driver_sql('CREATE TABLE seen (id int)'),"
            " connection=connection, target_metadata",
        )
        .replace("context.run_migrations()", "context.run_migrations(name='given')")
    )
    project.add("a1", "pass")
    project.path("a1").write_text(
        project.path("a1")
        .read_text()
        .replace("upgrade():", "upgrade(name):\n    op.execute(f'CREATE TABLE {name} (id int)')")
    )
    assert run().outcome is Outcome.MIGRATED
    assert database.scalar("SELECT count(*) FROM pg_class WHERE relname IN ('seen', 'given')") == 2


def test_a_broken_env_py_is_named(project, run):
    """An exception of env.py's own becomes a message, not a bare traceback."""
    project.env.write_text("import os\nos.environ['NOT_THERE']\n")
    result = run("plan")
    assert (result.outcome, result.message) == (Outcome.FAILED, "env.py: KeyError: 'NOT_THERE'")


def test_an_env_py_that_runs_nothing_is_no_success(project, run):
    """An env.py that ends before it runs revisions fails the plan: silence is no pass."""
    project.env.write_text("pass\n")
    assert run("plan").message == "env.py never called context.run_migrations()"


def test_an_env_py_that_swallows_a_failure_is_no_success(project, run):
    """A failure stays one even when env.py catches it."""
    project.env.write_text(
        project.env.read_text().replace(
            "    run_migrations_online()", "    try: run_migrations_online()\n    except Exception: pass"
        )
    )
    project.sql("a1", "SELECT 1/0")
    assert run().outcome is Outcome.FAILED


def test_a_revision_that_cannot_be_imported_is_named(project, run):
    """A revision whose module fails says which file and where."""
    project.add("a1", "pass", head="import nowhere_to_be_found")
    result = run("plan")
    assert result.outcome is Outcome.FAILED
    assert "a1.py, line 6" in result.message
    assert "nowhere_to_be_found" in result.message


def test_several_heads_are_named(project, run):
    """Two heads are no end of a release: both are named, with what joins them."""
    project.add("a1", "pass").add("b2", "pass").add("c3", "pass", after="a1")
    result = run("plan")
    assert result.outcome is Outcome.FAILED
    assert "2 heads, b2, c3" in result.message
    assert "alembic merge heads" in result.message


def test_an_unreachable_database_is_told_without_its_password(project, run):
    """A refused connection names host and port, never the password of the URL."""
    url = project.ini.read_text().replace("migrator-password", "open-sesame").replace(":5432/", ":5431/")
    project.ini.write_text(url)
    result = run("plan")
    assert result.outcome is Outcome.FAILED
    assert result.message.startswith("cannot connect to the database: ")
    assert "open-sesame" not in result.to_line()


def test_a_hidden_autocommit_block_is_refused_before_it_commits(project, run, database):
    """A helper that leaves the transaction would commit half a revision: it is stopped, and nothing stays."""
    (project.folder / "helper.py").write_text(
        "def leave(context):\n    return getattr(context, 'autocommit' + '_block')()\n"
    )
    project.ini.write_text(project.ini.read_text().replace("[alembic]", "[alembic]\nprepend_sys_path = %(here)s"))
    project.add(
        "a1",
        """
        op.execute("CREATE TABLE t (id int)")
        op.get_bind().scalar(sa.text("SELECT 1"))  # the rendering, which has no database, ends here
        with leave(op.get_context()):
            pass
        """,
        head="from helper import leave",
    )
    result = run()
    assert result.outcome is Outcome.FAILED
    assert "opens an autocommit block that its own file does not show" in result.message
    assert database.query("SELECT 1 FROM pg_class WHERE relname = 't'") == []


@pytest.mark.usefixtures("gate")
def test_a_run_refuses_what_the_plan_refuses(project, run, database):
    """What the gate blocks does not run, and the finding says why and what to do instead."""
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    run()
    project.sql("b2", "ALTER TABLE t DROP COLUMN note")
    for command in ("plan", "run"):
        result = run(command)
        assert (result.outcome, result.failed_revision) == (Outcome.REFUSED, "b2")
        assert "DROP COLUMN note" in result.message
    assert database.scalar("SELECT version_num FROM alembic_version") == "a1"


@pytest.mark.usefixtures("gate")
def test_a_contract_revision_needs_a_contract_release(project, run):
    """A revision that is declared contract runs only in a release that is, and then its findings pass."""
    project.sql("a1", "CREATE TABLE t (id int, note text)")
    run()
    project.sql("b2", "ALTER TABLE t DROP COLUMN note", head="phase = 'contract'")
    refused = run()
    assert (refused.outcome, refused.failed_revision) == (Outcome.REFUSED, "b2")
    assert "declared contract, and this release is not" in refused.message
    assert run(contract=True).outcome is Outcome.MIGRATED


@pytest.mark.parametrize("head", ["phase = 'later'", "allow = ['drop']", "allow = {'drop': 1}"])
def test_a_revision_that_declares_nonsense_is_named(project, run, head):
    """A phase or an override that is none stops the plan, with the value."""
    project.add("a1", "pass", head=head)
    result = run("plan")
    assert result.outcome is Outcome.FAILED
    assert result.message.startswith("revision a1: ")
