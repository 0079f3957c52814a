"""What stops a migration, in words for the release's record: never a row's value, never a secret."""

import os
import re

from sqlalchemy.exc import DBAPIError

_LOCKED = {"55P03", "40P01", "40001"}  # lock_not_available, deadlock_detected, serialization_failure
_INTERNAL = "XX000"
_COLLIDED = "tuple concurrently"  # updated or deleted, never translated: two changed one role, right or owner at once
_TIMED_OUT = "57014"  # query_canceled: here only by statement_timeout
_ENDED = {"57P01", "57P02", "57P03"}  # the server, or somebody with a newer token, ended the session
_CONNECTION_CLASS = "08"
_URL_PASSWORD = re.compile(r"(://[^:/@\s]*):[^@\s]+@")
_SECRET_VARIABLE = re.compile(r"PASSWORD|SECRET|TOKEN|_URL|_DSN", re.IGNORECASE)
_SHORTEST_SECRET = 6


class MigrationError(Exception):
    """A migration cannot go on; the message says what is wrong and what to do."""


class ProjectError(MigrationError):
    """The Alembic project in the image cannot be used as it is."""


class RefusedError(MigrationError):
    """A revision must not run.

    Args:
        message: Why.
        revision: Which; None when it is none in particular.
    """

    def __init__(self, message: str, revision: str | None = None) -> None:
        super().__init__(message)
        self.revision = revision


class FencedOffError(MigrationError):
    """Another runner holds a newer token: this one must not commit anything any more."""


class DirtyError(MigrationError):
    """A revision outside any transaction failed half-way, or what was built is damaged."""


class StoppedError(SystemExit):
    """The task is told to end; drivers cancel the running statement when they see a SystemExit."""


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's code of an error, whatever the driver; None when the server did not send one."""
    if not isinstance(error, DBAPIError):
        return None
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return code if isinstance(code, str) else None


def is_locked(error: BaseException) -> bool:
    """Return whether a statement failed only because somebody was in its way, so that the same may succeed later."""
    state = sqlstate(error)
    return state in _LOCKED or (state == _INTERNAL and _COLLIDED in first_line(getattr(error, "orig", None)))


def is_timeout(error: BaseException) -> bool:
    """Return whether the deadline ended a statement."""
    return sqlstate(error) == _TIMED_OUT


def is_disconnect(error: BaseException) -> bool:
    """Return whether the session to the database is gone."""
    if not isinstance(error, DBAPIError):
        return False
    code = sqlstate(error) or ""
    return error.connection_invalidated or code in _ENDED or code.startswith(_CONNECTION_CLASS)


def describe(error: BaseException) -> str:
    """Say an error in one line.

    Of the database's words only the first line: its DETAIL may hold the values of a row.

    Example:
        >>> describe(KeyError("DATABASE_HOST"))
        "KeyError: 'DATABASE_HOST'"
        >>> describe(ValueError("cannot use postgresql://me:secret@host/db"))
        'ValueError: cannot use postgresql://me:***@host/db'
    """
    if isinstance(error, MigrationError):
        return without_secrets(str(error))
    if isinstance(error, DBAPIError):
        code = sqlstate(error)
        return without_secrets(f"{first_line(error.orig)}{f' (SQLSTATE {code})' if code else ''}")
    text = first_line(error)
    return without_secrets(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def first_line(error: BaseException | None) -> str:
    """Return the first line of what an exception says."""
    return (str(error or "").strip().splitlines() or [""])[0]


def without_secrets(text: str) -> str:
    """Blank the password of a URL, and the value of every variable of the environment that is named like a secret."""
    text = _URL_PASSWORD.sub(r"\1:***@", text)
    for name, value in os.environ.items():
        if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***")
    return text
