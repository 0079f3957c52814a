"""How every session of the runner behaves: bounded waits, a name to be found by, the owner's role."""

import re
from typing import Any

from sqlalchemy import Connection, event, text

from .options import Options
from .timing import Deadline

NAME = "bluegreen-migrations"
"""The application_name of a session is this, a slash and the fencing token."""

_HARMLESS_TO_WAIT = re.compile(
    r"""\s*(
        create\s+(unique\s+)?index\s+concurrently\b
        | drop\s+index\s+concurrently\b
        | reindex\s.*\bconcurrently\b
        | alter\s+table\s[^;]*\bvalidate\s+constraint\b
    )[^;]*;?\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_DEAD_PEER = {
    # The server looks for a client that died while a statement runs, and so frees its locks (PostgreSQL 14 and later).
    "client_connection_check_interval": "2s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


def prepare(connection: Connection, options: Options, deadline: Deadline, *, as_owner: bool = True) -> None:
    """Set up a session, over whatever env.py and the role's defaults say.

    Args:
        connection: Its connection.
        options: Token, lock timeout and owner's role.
        deadline: No statement, and no idle transaction, outlives it.
        as_owner: Whether it takes the owner's role; else it stays whoever logged in.
    """
    rest = f"{deadline.remaining_ms()}ms"
    settings = _DEAD_PEER | {
        "application_name": f"{NAME}/{options.token}",
        "lock_timeout": f"{options.lock_timeout_ms}ms",
        "statement_timeout": rest,
        "idle_in_transaction_session_timeout": rest,
    }
    if options.owner_role is not None:
        settings["role"] = options.owner_role if as_owner else "none"
    began_before = connection.in_transaction()
    for name, value in settings.items():
        connection.execute(
            text("SELECT set_config(name, :value, false) FROM pg_settings WHERE name = :name")
            if name in _DEAD_PEER
            else text("SELECT set_config(:name, :value, false)"),
            {"name": name, "value": value},
        )
    if not began_before:
        connection.commit()


def relax_harmless_waits(connection: Connection, options: Options) -> None:
    """Let statements wait for their locks that make nobody else wait: concurrent index builds and VALIDATE.

    They wait for every older transaction, and half-built is worse than late. A statement that follows one which holds
    a lock that hurts keeps the timeout.

    Args:
        connection: The connection that runs one revision.
        options: The lock timeout to go back to.
    """
    held_back = False

    def before(_c: object, cursor: Any, statement: str, *_: object) -> None:
        nonlocal held_back
        if held_back or not may_wait(statement):
            held_back = held_back or not statement.lstrip().upper().startswith("SELECT")
            return
        cursor.execute("SET lock_timeout = 0")

    def after(_c: object, _cursor: Any, statement: str, *_: object) -> None:
        if not held_back and may_wait(statement):
            connection.connection.cursor().execute(f"SET lock_timeout = '{options.lock_timeout_ms}ms'")

    event.listen(connection, "before_cursor_execute", before)
    event.listen(connection, "after_cursor_execute", after)


def may_wait(statement: str) -> bool:
    """Return whether a single statement makes nobody wait while it waits itself.

    Example:
        >>> may_wait("CREATE INDEX CONCURRENTLY i ON t (c)"), may_wait("CREATE INDEX i ON t (c)")
        (True, False)
        >>> may_wait("ALTER TABLE t VALIDATE CONSTRAINT c; DROP TABLE t")
        False
    """
    return _HARMLESS_TO_WAIT.match(statement) is not None
