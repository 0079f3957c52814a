"""Gives the owner's role what the migrator made before there was one."""

from sqlalchemy import text

from .environment import Visit
from .fence import SCHEMA
from .options import Options
from .session import prepare
from .timing import Deadline

_OBJECTS = """
WITH spaces AS (SELECT oid FROM pg_namespace WHERE nspname IN (current_schema(), :ours)),
    me AS (SELECT oid FROM pg_roles WHERE rolname = session_user),
    attached AS (SELECT objid FROM pg_depend WHERE deptype IN ('a', 'i', 'e')),
    found AS (
        SELECT 1 AS turn, format('ALTER SCHEMA %I', nspname) AS change, nspowner AS owner, oid
            FROM pg_namespace WHERE nspname = :ours
        UNION ALL SELECT 2, format('ALTER TABLE %s', oid::regclass), relowner, oid
            FROM pg_class WHERE relnamespace IN (SELECT oid FROM spaces) AND relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL SELECT 3, format('ALTER ROUTINE %s', oid::regprocedure), proowner, oid
            FROM pg_proc WHERE pronamespace IN (SELECT oid FROM spaces)
        UNION ALL SELECT 4, format('ALTER TYPE %s', oid::regtype), typowner, oid
            FROM pg_type WHERE typnamespace IN (SELECT oid FROM spaces) AND typtype IN ('e', 'd')
    )
SELECT change FROM found
WHERE owner = (SELECT oid FROM me) AND oid NOT IN (SELECT objid FROM attached) ORDER BY turn, change
"""


def adopt(stay: Visit, options: Options, deadline: Deadline) -> None:
    """Let the owner's role own what belongs to the migrator itself, else no revision could alter it.

    Each change is a transaction of its own that holds its table for a moment, and waits for it no longer than the lock
    timeout. Whoever still logs in as the migrator keeps all rights, as a member of the role.

    Args:
        stay: Whose connection.
        options: The owner's role; None adopts nothing.
        deadline: Until when.

    Raises:
        DBAPIError: If a table is held by somebody else; those that were changed before stay so.
    """
    if options.owner_role is None:
        return
    owner = '"' + options.owner_role.replace('"', '""') + '"'
    with stay.beside() as connection:
        prepare(connection, options, deadline, as_owner=False)
        found = list(connection.scalars(text(_OBJECTS), {"ours": SCHEMA}))
        connection.rollback()
        for change in found:
            with connection.begin():
                connection.exec_driver_sql(f"{change} OWNER TO {owner}")
