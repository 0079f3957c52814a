"""Two runners on one database: one at a time, and never the older after the newer."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from sqlalchemy import NullPool, create_engine

from bluegreen.migrations.fence import held
from bluegreen.migrations.options import Clock, Options
from bluegreen.migrations.timing import Deadline
from bluegreen.release.migrations.result import Outcome

SLEEPS = "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND wait_event = 'PgSleep'"
GONE = "SELECT 1 WHERE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')"
GATE_OFF = ("--grades", '{"sql-not-visible": "warn"}')


@pytest.mark.parametrize("asleep", ["SELECT pg_sleep(2)", "SELECT 1"], ids=["in a statement", "between statements"])
def test_a_runner_that_wakes_up_late_commits_nothing(project, command, database, tmp_path, asleep):
    """A runner that was stopped mid-revision ends fenced off when a newer one has run: its work is not there."""
    marker, go = tmp_path / "marker", tmp_path / "go"
    project.add(
        "a1",
        f"""
        import os, pathlib, time
        op.execute("CREATE TABLE t (by_token text)")
        op.execute("INSERT INTO t VALUES (current_setting('application_name'))")
        first = not pathlib.Path({str(go)!r}).exists()
        if first:
            pathlib.Path({str(marker)!r}).touch()
            op.execute({asleep!r})
            while not pathlib.Path({str(go)!r}).exists():
                time.sleep(0.05)
        """,  # noqa: S608 - the text of a revision
    )
    zombie = command("run", "--token", "1")
    deadline = time.monotonic() + 20
    while not marker.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.kill(zombie.process.pid, signal.SIGSTOP)
    go.touch()
    newer = command("run", "--token", "2").result()
    assert newer.outcome is Outcome.MIGRATED, newer.message
    os.kill(zombie.process.pid, signal.SIGCONT)
    late = zombie.result()
    assert (late.outcome, zombie.process.returncode) == (Outcome.FENCED_OFF, 1), late.message
    assert "token 2" in late.message
    assert database.query("SELECT by_token FROM t") == [("bluegreen-migrations/2",)]
    assert database.scalar("SELECT token FROM bluegreen.fence") == 2


def test_the_row_stops_a_commit_even_when_the_session_lives(project, run, database):
    """A revision whose session nobody ended still cannot commit once a newer token is in the fence."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run(token=1)
    project.add(
        "b2",
        f"""
        import psycopg
        op.get_bind().scalar(sa.text("SELECT 1"))  # so that the rendering, which has no database, ends here
        op.execute("ALTER TABLE t ADD COLUMN n int")
        with psycopg.connect({database.url("postgresql")!r}, autocommit=True) as other:
            other.execute("UPDATE bluegreen.fence SET token = 2")
        """,  # noqa: S608 - the text of a revision
    )
    result = run(token=1)
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.FENCED_OFF, "b2", ("a1",))
    assert database.query("SELECT 1 FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'n'") == []


def test_an_older_token_is_refused(project, run):
    """A runner whose token is older than the last one's, or that has none, does not run where a ledger counts."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run(token=7)
    project.sql("b2", "ALTER TABLE t ADD COLUMN n int")
    assert run(token=6).outcome is Outcome.FENCED_OFF
    by_hand = run()
    assert by_hand.outcome is Outcome.FENCED_OFF
    assert "bluegreen migrations run" in by_hand.message
    assert run(token=7).outcome is Outcome.MIGRATED


def test_two_runners_at_once_are_serialised(project, command, database):
    """Of two runners with the same token one runs the revision, and the other finds nothing left to do."""
    project.sql("a1", "CREATE TABLE t (at timestamptz)", "SELECT pg_sleep(1)", "INSERT INTO t VALUES (now())")
    both = [command("run"), command("run")]
    results = sorted((one.result() for one in both), key=lambda one: one.outcome)
    assert [one.outcome for one in results] == [Outcome.MIGRATED, Outcome.NOTHING_PENDING], results
    assert database.scalar("SELECT count(*) FROM t") == 1


def test_runners_that_come_first_at_the_same_time_make_one_fence(database):
    """On a new database none of several runners fails because another one makes the same fence."""
    runners, rounds = 4, 40
    clock = Clock(sleep=lambda _: time.sleep(0.001))
    visit = SimpleNamespace(beside=create_engine(database.url(), poolclass=NullPool).connect)
    start = threading.Barrier(runners)

    def come(_: int) -> None:
        start.wait()
        with held(visit, Options(), Deadline(clock, 20)):
            pass

    with ThreadPoolExecutor(runners) as pool:
        for _ in range(rounds):
            assert list(pool.map(come, range(runners))) == [None] * runners
            assert database.scalar("SELECT count(*) FROM bluegreen.fence") == 1
            database.query("DROP SCHEMA bluegreen CASCADE")


def test_a_runner_that_waits_holds_up_no_concurrent_index(project, command, database):
    """Who waits for the lock polls: a waiting statement and CREATE INDEX CONCURRENTLY would wait for each other."""
    project.sql("a1", "CREATE TABLE t (id int)").outside("b2", "CREATE INDEX CONCURRENTLY by_id ON t (id)")
    both = [command("run", *GATE_OFF), command("run", *GATE_OFF)]
    results = [one.result() for one in both]
    assert {one.outcome for one in results} <= {Outcome.MIGRATED, Outcome.NOTHING_PENDING}, results
    assert database.scalar("SELECT version_num FROM alembic_version") == "b2"


def test_a_stopped_task_rolls_back_and_says_so(project, command, database):
    """On SIGTERM the running statement is cancelled, nothing stays, and the last line still tells the result."""
    project.sql("a1", "CREATE TABLE t (id int)", "SELECT pg_sleep(60)")
    running = command("run")
    database.wait_for(SLEEPS)
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    result = running.result()
    assert (result.outcome, running.process.returncode) == (Outcome.FAILED, 1)
    assert result.message.startswith("revision a1: stopped")
    assert time.monotonic() - began < 5
    database.wait_for(GONE)
    assert database.query("SELECT 1 FROM pg_class WHERE relname = 't'") == []


def test_a_task_stopped_outside_a_transaction_leaves_a_mark(project, command, run, database):
    """Told to end in a revision outside any transaction, the runner says dirty, and the mark says so to the next."""
    project.sql("a1", "CREATE TABLE t (id int)").outside("b2", "SELECT pg_sleep(60)")
    running = command("run")
    database.wait_for(SLEEPS)
    running.process.send_signal(signal.SIGTERM)
    result = running.result()
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.DIRTY, "b2", ("a1",))
    assert run("plan").message == "revision b2 was left half-done; the run repairs it"


def test_the_locks_of_a_killed_runner_are_free_within_seconds(project, command, database):
    """When a runner dies without a word the server ends its statement by itself, and its table is usable again."""
    project.sql("a1", "CREATE TABLE t (id int)", "SELECT pg_sleep(60)")
    running = command("run")
    database.wait_for(SLEEPS)
    running.process.kill()
    running.process.wait()
    database.wait_for(GONE, seconds=8)


def test_a_token_may_be_a_time_beyond_32_bits(project, run, database):
    """Tokens are seconds since the epoch, and the fence holds them also after 2038."""
    project.sql("a1", "CREATE TABLE t (id int)")
    assert run(token=2**31 + 5).outcome is Outcome.MIGRATED
    assert database.scalar("SELECT token FROM bluegreen.fence") == 2**31 + 5
    assert run(token=1_800_000_000).outcome is Outcome.FENCED_OFF
