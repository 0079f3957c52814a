"""What each statement of a migration really did: how long it took, what it locked, rewrote and defined."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from .measured import Measured, strength
from .server import Server

# The function runs as the superuser, who owns the table: the migration may only read what was seen.
_EVENT_TRIGGERS = """
SET client_min_messages = warning;
CREATE SCHEMA bluegreen_shadow;
GRANT USAGE ON SCHEMA bluegreen_shadow TO PUBLIC;
CREATE TABLE bluegreen_shadow.seen (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL);
GRANT SELECT ON bluegreen_shadow.seen TO PUBLIC;
CREATE FUNCTION bluegreen_shadow.see() RETURNS event_trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF TG_EVENT = 'sql_drop' THEN
    INSERT INTO bluegreen_shadow.seen (what) SELECT format('%s (%s %s)', TG_TAG, object_type, object_identity)
      FROM pg_event_trigger_dropped_objects() WHERE original AND NOT is_temporary;
  ELSE
    INSERT INTO bluegreen_shadow.seen (what) SELECT format('%s %s', command_tag, object_identity)
      FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp';
  END IF;
END $$;
CREATE EVENT TRIGGER bluegreen_defined ON ddl_command_end EXECUTE FUNCTION bluegreen_shadow.see();
CREATE EVENT TRIGGER bluegreen_dropped ON sql_drop EXECUTE FUNCTION bluegreen_shadow.see();
"""

_TABLES = """
SELECT c.oid || ' ' || n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND left(n.nspname, 3) <> 'pg_'
   AND n.nspname NOT IN ('information_schema', 'bluegreen', 'bluegreen_shadow') AND c.relname <> :'version_table';
"""

# No per cent sign: some drivers would take it for a parameter.
_HELD = (
    "SELECT relation, mode FROM pg_locks WHERE locktype = 'relation' AND granted AND pid = pg_backend_pid()"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_FILES = "SELECT oid, relfilenode FROM pg_class WHERE relkind IN ('r', 'm')"
_SEEN = "SELECT id, what FROM bluegreen_shadow.seen ORDER BY id"


def watch(server: Server) -> None:
    """Let the shadow database note every definition.

    Raises:
        ShadowError: If it refuses.
    """
    server.sql(_EVENT_TRIGGERS)


def tables(server: Server, version_table: str) -> dict[int, str]:
    """Return the names of the user's tables by their oid, which a rename does not change.

    Raises:
        ShadowError: If the database refuses.
    """
    lines = server.sql(f"\\set version_table {version_table}\n{_TABLES}").splitlines()
    return {int(oid): name for oid, _, name in (line.partition(" ") for line in lines)}


class Recorder:
    """Measures every statement that goes over a connection.

    Args:
        known: The tables that the live version knows, by oid: a lock on another table hurts nobody.
        skip: A statement with this word is Alembic's own.
        clock: Monotonic seconds.
    """

    def __init__(self, known: Mapping[int, str], skip: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.measured: list[Measured] = []
        self._known = known
        # Alembic looks for its table, and SQLAlchemy for others, before they do anything.
        self._skip = re.compile(rf"\b{re.escape(skip)}\b|^SELECT pg_catalog\.")
        self._clock = clock
        self._started = 0.0
        self._held: dict[str, str] = {}
        self._files: dict[int, int] = {}
        self._last_seen = 0

    @contextmanager
    def recording(self, connection: Connection) -> Iterator[None]:
        """Record what the connection runs meanwhile; the connection must not be closed at the end."""
        self._files = dict(self._ask(connection, _FILES))
        self._last_seen = max((number for number, _ in self._ask(connection, _SEEN)), default=0)
        event.listen(connection, "before_cursor_execute", self._before)
        event.listen(connection, "after_cursor_execute", self._after)
        event.listen(connection, "commit", self._committed)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", self._before)
            event.remove(connection, "after_cursor_execute", self._after)
            event.remove(connection, "commit", self._committed)

    def _before(self, *_: Any) -> None:
        self._started = self._clock()

    def _committed(self, _: Connection) -> None:
        self._held = {}

    def _after(self, connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        seconds = self._clock() - self._started
        if self._skip.search(statement):
            return
        seen = [(number, what) for number, what in self._ask(connection, _SEEN) if number > self._last_seen]
        self._last_seen = max((number for number, _ in seen), default=self._last_seen)
        self.measured.append(
            Measured(
                statement=plain(statement, connection.dialect.paramstyle),
                seconds=seconds,
                locks=self._new_locks(connection),
                rewritten=self._new_files(connection),
                defined=tuple(dict.fromkeys(what for _, what in seen)),
            )
        )

    def _new_locks(self, connection: Connection) -> dict[str, str]:
        held: dict[str, str] = {}
        for oid, mode in self._ask(connection, _HELD):
            name = self._known.get(oid)
            if name is not None and strength(mode) > strength(held.get(name)):
                held[name] = mode
        new = {name: mode for name, mode in held.items() if strength(mode) > strength(self._held.get(name))}
        self._held = held
        return new

    def _new_files(self, connection: Connection) -> tuple[str, ...]:
        files = dict(self._ask(connection, _FILES))
        changed = [oid for oid in self._known if oid in files and files[oid] != self._files.get(oid)]
        self._files = files
        return tuple(self._known[oid] for oid in changed)

    @staticmethod
    def _ask(connection: Connection, question: str) -> list[Any]:
        """Ask past SQLAlchemy, which would record the question as well."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(question)
            return list(cursor.fetchall())
        finally:
            cursor.close()


def plain(statement: str, paramstyle: str) -> str:
    """Return a statement as the driver got it with a NULL for every parameter, so that a parser can read it.

    Example:
        >>> plain("UPDATE t SET a = %(a)s WHERE b LIKE 'x%%'", "pyformat")
        "UPDATE t SET a = NULL WHERE b LIKE 'x%'"
    """
    if paramstyle in {"pyformat", "format"}:
        statement = re.sub(r"%\(\w+\)s|(?<!%)%s", "NULL", statement).replace("%%", "%")
    return statement.strip()
