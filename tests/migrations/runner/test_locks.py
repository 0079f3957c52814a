"""A long transaction holds the table: who waits, and for how long."""

import threading
import time
from contextlib import contextmanager
from typing import Self

import psycopg

from bluegreen.release.migrations.result import Outcome

LOCK_TIMEOUT_MS = 500
BLOCKED_SECONDS = 4.0


@contextmanager
def blocker(database, *, seconds: float):
    """A transaction that writes one row and then does nothing, for so long."""
    connection = psycopg.connect(database.url("postgresql"))
    connection.execute("INSERT INTO t VALUES (2)")
    timer = threading.Timer(seconds, connection.rollback)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        connection.close()


class Reader:
    """Reads the table again and again, and remembers its slowest read."""

    def __init__(self, database) -> None:
        self.slowest = 0.0
        self.reads = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(database,))

    def _read(self, database) -> None:
        with database.connect() as connection:
            while not self._stop.wait(0.01):
                began = time.monotonic()
                connection.execute("SELECT id FROM t")
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.reads += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def test_other_readers_never_wait_longer_than_the_lock_timeout(project, run, database):
    """While a transaction holds the table readers wait at most the lock timeout and 20 %; then the revision runs."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.sql("b2", "ALTER TABLE t ADD COLUMN note text")
    with Reader(database) as reader, blocker(database, seconds=BLOCKED_SECONDS):
        result = run(lock_timeout_ms=LOCK_TIMEOUT_MS)
    assert result.outcome is Outcome.MIGRATED, result.message
    assert result.revisions[0].attempts > 1
    assert result.seconds > BLOCKED_SECONDS / 2
    assert reader.reads > 20
    assert 0.5 * LOCK_TIMEOUT_MS / 1000 < reader.slowest <= 1.2 * LOCK_TIMEOUT_MS / 1000


def test_the_deadline_ends_the_tries_and_the_database_is_as_it_was(project, run, database):
    """When the table stays held until the deadline the run fails, names how often it tried, and changed nothing."""
    project.sql("a1", "CREATE TABLE t (id int)")
    run()
    project.sql("b2", "ALTER TABLE t ADD COLUMN note text")
    with blocker(database, seconds=20):
        result = run(lock_timeout_ms=100, deadline_seconds=2)
    assert (result.outcome, result.failed_revision, result.after) == (Outcome.FAILED, "b2", ("a1",))
    assert "gave up after" in result.message or "stopped at the deadline" in result.message
    assert "timeout" in result.message
    assert result.seconds < 4


def test_a_concurrent_index_waits_for_older_transactions_beyond_the_lock_timeout(project, run, database):
    """CREATE INDEX CONCURRENTLY makes nobody wait, so it may itself wait longer than the lock timeout."""
    project.sql("a1", "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
    run()
    project.outside("b2", "CREATE INDEX CONCURRENTLY by_id ON t (id)").sql("c3", "SELECT 1")
    with blocker(database, seconds=1.5):
        result = run(lock_timeout_ms=100)
    assert result.outcome is Outcome.MIGRATED, result.message
    assert [one.attempts for one in result.revisions] == [1, 1]
    assert result.seconds > 1


def test_a_statement_ends_at_the_deadline(project, run):
    """A statement that takes longer than the deadline allows is cancelled and undone."""
    project.sql("a1", "CREATE TABLE t (id int)", "SELECT pg_sleep(30)")
    result = run(deadline_seconds=1)
    assert (result.outcome, result.after) == (Outcome.FAILED, ())
    assert "stopped at the deadline" in result.message
    assert result.seconds < 5
