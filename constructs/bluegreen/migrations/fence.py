"""At most one runner changes the database: a row with the newest token, and an advisory lock.

The lease in the release's ledger says who may run. The row is what holds when a runner that lost its lease wakes up:
each of its transactions looks at it before it commits.
"""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from .environment import Visit
from .errors import FencedOffError, MigrationError
from .options import Options
from .session import NAME, prepare
from .timing import Deadline

SCHEMA = "bluegreen"
_LOCK = 0x626C_7565  # any number, as long as all runners use the same
_POLL_SECONDS = 0.2
_CREATE = (
    "CREATE SCHEMA IF NOT EXISTS bluegreen",
    """
    CREATE TABLE IF NOT EXISTS bluegreen.fence (
        id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
        token bigint NOT NULL,
        holder text NOT NULL,
        dirty_revision text,
        indexes_before text,
        creating boolean NOT NULL DEFAULT false
    )
    """,
)


@dataclass(frozen=True)
class Mark:
    """What an earlier run left unfinished.

    Args:
        dirty_revision: A revision outside any transaction that began and did not end; None when there is none.
        indexes_before: The indexes that were there when it began.
        creating: Whether the first migration of an empty database began and did not end.
    """

    dirty_revision: str | None = None
    indexes_before: frozenset[str] = frozenset()
    creating: bool = False


class Fence:
    """The fence while this runner holds it.

    Args:
        connection: A connection beside the one that runs revisions, in autocommit.
        token: This runner's.
    """

    def __init__(self, connection: Connection, token: int) -> None:
        self.connection = connection
        self._token = token

    def mark(self) -> Mark:
        """Return what an earlier run left unfinished."""
        return read_mark(self.connection)

    def set_dirty(self, revision: str, indexes_before: frozenset[str]) -> None:
        """Say that a revision outside any transaction begins."""
        self._update(
            "dirty_revision = :revision, indexes_before = :indexes",
            revision=revision,
            indexes=json.dumps(sorted(indexes_before)),
        )

    def clear_dirty(self) -> None:
        """Say that nothing of it is left."""
        self._update("dirty_revision = NULL, indexes_before = NULL")

    def set_creating(self, *, creating: bool) -> None:
        """Say that the first migration begins, or that it ended well."""
        self._update("creating = :creating", creating=creating)

    def check(self, connection: Connection, *, clear_dirty: bool = False) -> None:
        """In a revision's own transaction: let it commit only while no newer runner holds the fence.

        Args:
            connection: The revision's.
            clear_dirty: Whether its commit also ends the dirty mark.

        Raises:
            FencedOffError: If a newer runner does.
        """
        statement = (
            "UPDATE bluegreen.fence SET dirty_revision = NULL, indexes_before = NULL"
            " WHERE token = :token RETURNING token"
            if clear_dirty
            else "SELECT token FROM bluegreen.fence WHERE token = :token FOR SHARE"
        )
        if connection.execute(text(statement), {"token": self._token}).first() is None:
            raise FencedOffError(_newer(connection, self._token))

    def _update(self, change: str, **values: object) -> None:
        statement = text(f"UPDATE bluegreen.fence SET {change} WHERE token = :token RETURNING token")  # noqa: S608 - constants
        if self.connection.execute(statement, {"token": self._token, **values}).first() is None:
            raise FencedOffError(_newer(self.connection, self._token))


@contextmanager
def held(visit: Visit, options: Options, deadline: Deadline) -> Iterator[Fence]:
    """Hold the fence and the lock during one visit of env.py.

    Between two visits the lock is free, since a driver's connection may not outlive env.py. That is harmless: what is
    pending is read anew under the lock.

    Args:
        visit: Its engine gives the second connection.
        options: The token.
        deadline: How long to wait for another runner.

    Yields:
        The fence.

    Raises:
        FencedOffError: If a newer runner was here.
        MigrationError: If another runner holds the lock until the deadline.
    """
    with visit.beside().execution_options(isolation_level="AUTOCOMMIT") as connection:
        prepare(connection, options, deadline, as_owner=False)
        _end_older(connection, options.token, deadline)
        prepare(connection, options, deadline)
        if connection.scalar(text("SELECT to_regclass('bluegreen.fence')")) is None:
            with _alone(connection, deadline):  # IF NOT EXISTS fails one of two who create at once
                _create(connection)
        _take(connection, options.token)
        prepare(connection, options, deadline, as_owner=False)
        # Whoever looked at the row before it changed is ended now; whoever looks later sees the new token.
        _end_older(connection, options.token, deadline)
        prepare(connection, options, deadline)
        with _alone(connection, deadline):
            yield Fence(connection, options.token)


def read_mark(connection: Connection) -> Mark:
    """Return what an earlier run left unfinished, without taking the fence."""
    if connection.scalar(text("SELECT to_regclass('bluegreen.fence')")) is None:
        return Mark()
    row = connection.execute(text("SELECT dirty_revision, indexes_before, creating FROM bluegreen.fence")).first()
    return Mark() if row is None else Mark(row[0], frozenset(json.loads(row[1] or "[]")), row[2])


def _create(connection: Connection) -> None:
    for statement in _CREATE:
        connection.execute(text(statement))


def _take(connection: Connection, token: int) -> None:
    taken = connection.execute(
        text(
            "INSERT INTO bluegreen.fence AS mine (token, holder) VALUES (:token, :holder)"
            " ON CONFLICT (id) DO UPDATE SET token = excluded.token, holder = excluded.holder"
            " WHERE mine.token <= excluded.token RETURNING token"
        ),
        {"token": token, "holder": socket.gethostname()},
    )
    if taken.first() is None:
        raise FencedOffError(_newer(connection, token))


def _newer(connection: Connection, token: int) -> str:
    row = connection.execute(text("SELECT token, holder FROM bluegreen.fence")).first()
    who = f"token {row[0]} ({row[1]})" if row else "another runner"
    hint = "; this database has a ledger: use `bluegreen migrations run`" if token == 0 else ""
    return f"a newer runner holds the database: {who}, this one has token {token}; nothing was committed{hint}"


def _end_older(connection: Connection, token: int, deadline: Deadline) -> None:
    """End the sessions of runners with older tokens, and wait until they are gone.

    Only whoever logs in as the same user may end them, so this runs before the owner's role is taken.
    """
    statement = text(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE usename = session_user AND datname = current_database() AND pid <> pg_backend_pid()"
        " AND CASE WHEN application_name ~ :pattern THEN split_part(application_name, '/', 2)::bigint < :token END"
    )
    while connection.scalar(statement, {"pattern": f"^{NAME}/[0-9]{{1,18}}$", "token": token}):
        if not deadline.wait(_POLL_SECONDS):
            raise MigrationError("the sessions of an older runner did not end within the deadline")


@contextmanager
def _alone(connection: Connection, deadline: Deadline) -> Iterator[None]:
    """Hold the lock that all runners use.

    It polls: who waits for it in a statement holds up CREATE INDEX CONCURRENTLY, which waits for them.
    """
    while not connection.scalar(text(f"SELECT pg_try_advisory_lock({_LOCK})")):
        if not deadline.wait(_POLL_SECONDS):
            raise MigrationError("another runner was at work on this database until the deadline")
    try:
        yield
    finally:
        with suppress(DBAPIError):
            connection.execute(text(f"SELECT pg_advisory_unlock({_LOCK})"))
