"""What a revision outside any transaction may leave half-done, and how it is taken away before the next try."""

import re

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from .errors import sqlstate
from .fence import Fence
from .project import RevisionSource

_CREATED = re.compile(
    r"\s*create\s+(?:unique\s+)?index\s+concurrently\s+(?:if\s+not\s+exists\s+)?(?P<name>\"(?:[^\"]|\"\")+\"|\w+)",
    re.IGNORECASE,
)
_HERE = (
    " FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast')"
)


class Leftovers:
    """What one revision may have left behind.

    Args:
        source: The revision.
        fence: Whose mark says what was there before, and whose connection sees it.
    """

    def __init__(self, source: RevisionSource, fence: Fence) -> None:
        self._source = source
        self._fence = fence
        self._names = created_concurrently(source.statements or ())

    def repair(self) -> None:
        """Drop what an earlier try left: invalid indexes of its own, and finished ones that its mark does not know."""
        mark = self._fence.mark()
        unfinished = mark.dirty_revision == self._source.revision
        for name, is_valid in self._present().items():
            if not is_valid or (unfinished and name not in mark.indexes_before):
                self._fence.connection.execute(text("SET lock_timeout = 0"))
                self._fence.connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {_quoted(name)}")

    def mark(self) -> None:
        """Say in the database that the revision begins, and which of its indexes are there already."""
        if self._fence.mark().dirty_revision != self._source.revision:
            self._fence.set_dirty(self._source.revision, frozenset(self._present()))

    def after(self, error: DBAPIError) -> str | None:
        """Say what a failure left; None, and the mark taken away, when that is surely nothing."""
        invalid = [name for name, is_valid in self._present().items() if not is_valid]
        if invalid:
            return f"it left INVALID {', '.join(invalid)}, which the next run drops before it tries again"
        if len(self._source.statements or ()) == 1 and sqlstate(error) is not None:
            self._fence.clear_dirty()
            return None
        return (
            "it runs outside any transaction, so some of its statements may have been done; the next run tries it again"
        )

    def _present(self) -> dict[str, bool]:
        """Return those of its indexes that exist, each with whether it is valid."""
        return {name: valid for name, valid in _indexes(self._fence.connection).items() if name in self._names}


def created_concurrently(statements: tuple[str, ...]) -> frozenset[str]:
    """Return the names of the indexes that statements build concurrently.

    Example:
        >>> sorted(created_concurrently(('CREATE INDEX CONCURRENTLY "a b" ON t (c)', "CREATE INDEX d ON t (c)")))
        ['a b']
    """
    found = (_CREATED.match(statement) for statement in statements)
    return frozenset(_unquoted(one["name"]) for one in found if one)


def invalid_indexes(connection: Connection) -> frozenset[str]:
    """Return the indexes that PostgreSQL does not use, because they were never finished."""
    return frozenset(name for name, is_valid in _indexes(connection).items() if not is_valid)


def _indexes(connection: Connection) -> dict[str, bool]:
    rows = connection.execute(text(f"SELECT c.relname, indisvalid{_HERE}"))
    return {str(row[0]): bool(row[1]) for row in rows}


def _unquoted(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
