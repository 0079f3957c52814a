"""Looks at a database and changes nothing: how many rows, how fresh, at which revision."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, text

from bluegreen.release.recovery.inspection import Inspection

from .environment import Visit, visit
from .errors import MigrationError, describe
from .fence import SCHEMA
from .options import Clock
from .project import Project
from .timing import Deadline

_TABLE = re.compile(r"[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?")
_OURS = f"n.nspname NOT IN ('pg_catalog', 'information_schema', '{SCHEMA}') AND n.nspname !~ '^pg_'"


def inspect(
    tables: Sequence[str], newest: Sequence[str], *, deadline_seconds: float, ini: str | None = None
) -> Inspection:
    """Inspect the database that env.py connects to, in a read-only transaction; nothing escapes but the result.

    Args:
        tables: Which tables to count, `table` or `schema.table`; every one that whoever logs in may read when empty.
        newest: Of which timestamps to tell the greatest value, `table.column` or `schema.table.column`.
        deadline_seconds: When to give up, in seconds.
        ini: The Alembic configuration; found as `alembic` finds it when omitted.

    Returns:
        What was found, or why nothing was.
    """
    deadline = Deadline(Clock(), deadline_seconds)
    try:
        found = visit(Project.open(ini), lambda stay: _look(stay, tables, newest, deadline))
    except Exception as error:  # noqa: BLE001 - whatever it is, the drill must learn of it
        return Inspection(error=describe(error), seconds=round(deadline.elapsed(), 3))
    return found


def _look(stay: Visit, tables: Sequence[str], newest: Sequence[str], deadline: Deadline) -> Inspection:
    revisions = stay.revisions()
    with stay.reading() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        setting = text("SELECT set_config('statement_timeout', :value, true)")
        connection.execute(setting, {"value": f"{deadline.remaining_ms()}ms"})
        counted = {table: _count(connection, table) for table in tables or _readable(connection, stay)}
        freshest = {column: _newest(connection, column) for column in newest}
    return Inspection(revisions=revisions, rows=counted, newest=freshest, seconds=round(deadline.elapsed(), 3))


def _readable(connection: Connection, stay: Visit) -> list[str]:
    """Return every table but partitions, which their parent counts, and what Alembic and this library keep."""
    statement = (
        "SELECT CASE WHEN n.nspname = current_schema() THEN c.relname ELSE n.nspname || '.' || c.relname END"  # noqa: S608
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        f" WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND {_OURS} AND c.relname <> :version_table"
        " AND has_table_privilege(c.oid, 'SELECT')"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') ORDER BY 1"
    )
    return list(connection.scalars(text(statement), {"version_table": stay.context.version_table}))


def _count(connection: Connection, table: str) -> int:
    return int(str(connection.scalar(text(f"SELECT count(*) FROM {_quoted(table)}"))))  # noqa: S608 - quoted


def _newest(connection: Connection, column: str) -> float | None:
    table, _, name = column.rpartition(".")
    if not table:
        raise MigrationError(f"a timestamp must be named as table.column, got {column!r}")
    found = connection.scalar(text(f"SELECT max({_quoted(name)}) FROM {_quoted(table)}"))  # noqa: S608 - quoted
    if found is None:
        return None
    if not isinstance(found, datetime):
        raise MigrationError(f"{column} must be a timestamp, got {type(found).__name__}")
    return found.timestamp()


def _quoted(name: str) -> str:
    if not _TABLE.fullmatch(name):
        raise MigrationError(f"a table must be named as table or schema.table, got {name!r}")
    return ".".join(f'"{part}"' for part in name.split("."))
