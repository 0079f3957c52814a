"""Whom the schema belongs to, and who may only use its rows.

Under a role that nobody logs in as, a table belongs to the same owner whichever of two alternating users migrated it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from . import session
from .environment import Visit
from .errors import MigrationError, describe, is_disconnect, is_locked, sqlstate
from .options import APPLICATION_PASSWORD, APPLICATION_USER, Options
from .scram import verifier
from .timing import Deadline

_EXISTS = {"42710", "23505"}  # duplicate_object, and what two who create the same role at once may get
_ROW_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
_SEQUENCE_RIGHTS = ("USAGE", "SELECT", "UPDATE")


def prepare(stay: Visit, options: Options, deadline: Deadline) -> None:
    """Make the roles that the options name, or bring them up to date.

    Args:
        stay: Its engine logs in as the migrator, who must be allowed to create roles, and own the database and its
            schema.
        options: The names, and the application user's password.
        deadline: Until when.

    Raises:
        MigrationError: If the migrator may not, with the database's words.
        DBAPIError: If somebody else was in the way, or the session broke: later it may succeed.
    """
    if options.owner_role is None and options.application_user is None:
        return
    try:
        with _changing(stay, options, deadline) as connection:
            schema = str(connection.scalar(text("SELECT current_schema()")))
            if options.owner_role is not None:
                _make_owner(connection, options.owner_role, schema)
            if options.application_user is not None:
                _make_application_user(connection, options, schema)
    except DBAPIError as error:
        if is_locked(error) or is_disconnect(error):
            raise
        raise MigrationError(
            f"cannot prepare the roles: {describe(error)}; the migrator must have CREATEROLE and own the database"
        ) from error


def protect_versions(stay: Visit, options: Options, deadline: Deadline) -> None:
    """Let the application's user read Alembic's table, but not write to it."""
    if options.application_user is None:
        return
    with _changing(stay, options, deadline) as connection:
        _as(connection, options.owner_role)
        table = connection.scalar(text("SELECT to_regclass(:name)::text"), {"name": _version_table(stay)})
        if table is not None:
            _run(connection, [f"REVOKE INSERT, UPDATE, DELETE ON {table} FROM {quoted(options.application_user)}"])


def quoted(name: str) -> str:
    """Quote an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def _changing(stay: Visit, options: Options, deadline: Deadline) -> Iterator[Connection]:
    """Begin a transaction as whoever logs in."""
    with stay.beside() as connection:
        session.prepare(connection, options, deadline, as_owner=False)
        with connection.begin():
            yield connection


def _make_owner(connection: Connection, owner: str, schema: str) -> None:
    _create_role(connection, owner, "NOLOGIN")
    role = quoted(owner)
    if not connection.scalar(
        text("SELECT pg_has_role(current_user, :role, 'USAGE')"), {"role": owner}
    ) or not _may_become(connection, owner):
        _run(connection, [f"GRANT {role} TO CURRENT_USER"])
    database = quoted(str(connection.scalar(text("SELECT current_database()"))))
    may_create = text("SELECT has_database_privilege(:role, current_database(), 'CREATE')")
    if not connection.scalar(may_create, {"role": owner}):
        _run(connection, [f"GRANT CREATE, TEMPORARY ON DATABASE {database} TO {role}"])
    may_define = text("SELECT has_schema_privilege(:role, :schema, 'CREATE')")
    if not connection.scalar(may_define, {"role": owner, "schema": schema}):
        _run(connection, [f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {role}"])


def _may_become(connection: Connection, owner: str) -> bool:
    """Return whether SET ROLE works; since PostgreSQL 16 a member may inherit without being allowed to."""
    kind = "SET" if int(str(connection.scalar(text("SHOW server_version_num")))) >= 160000 else "MEMBER"  # noqa: PLR2004
    return bool(connection.scalar(text(f"SELECT pg_has_role(current_user, :role, '{kind}')"), {"role": owner}))


def _make_application_user(connection: Connection, options: Options, schema: str) -> None:
    name, password = str(options.application_user), options.application_password
    if not password:
        raise MigrationError(f"{APPLICATION_USER} is {name}, but {APPLICATION_PASSWORD} is empty")
    _create_role(connection, name, "LOGIN")
    user, where = quoted(name), quoted(schema)
    # The server hashes nothing, so that neither its log nor pg_stat_activity ever holds the password.
    _run(
        connection,
        [f"ALTER ROLE {user} LOGIN PASSWORD '{verifier(password)}'", f"GRANT USAGE ON SCHEMA {where} TO {user}"],
    )
    _as(connection, options.owner_role)
    for kinds, rights, default in (
        ("'r', 'p', 'v', 'm'", _ROW_RIGHTS, "TABLES"),
        ("'S'", _SEQUENCE_RIGHTS, "SEQUENCES"),
    ):
        listed = ", ".join(rights)
        _run(
            connection,
            [
                *(f"GRANT {listed} ON {one} TO {user}" for one in _lacking(connection, name, schema, kinds, rights)),
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA {where} GRANT {listed} ON {default} TO {user}",
            ],
        )
    _as(connection, None)
    may_define = text("SELECT has_schema_privilege(:user, :schema, 'CREATE')")
    if connection.scalar(may_define, {"user": name, "schema": schema}):  # before PostgreSQL 15 everybody may
        _run(connection, [f"REVOKE CREATE ON SCHEMA {where} FROM PUBLIC, {user}"])


def _lacking(connection: Connection, user: str, schema: str, kinds: str, rights: Iterable[str]) -> list[str]:
    """Return the relations of the current role on which a user lacks a right."""
    check = "has_sequence_privilege" if "S" in kinds else "has_table_privilege"
    every = " AND ".join(f"{check}(:user, c.oid, '{right}')" for right in rights)
    statement = (
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"  # noqa: S608
        f" WHERE n.nspname = :schema AND c.relkind IN ({kinds}) AND pg_get_userbyid(c.relowner) = current_user"
        f" AND NOT ({every})"
    )
    return list(connection.scalars(text(statement), {"user": user, "schema": schema}))


def _create_role(connection: Connection, name: str, kind: str) -> None:
    if connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": name}):
        return
    try:
        with connection.begin_nested():
            _run(connection, [f"CREATE ROLE {quoted(name)} {kind}"])
    except DBAPIError as error:
        if sqlstate(error) not in _EXISTS:
            raise


def _as(connection: Connection, role: str | None) -> None:
    connection.execute(text("SELECT set_config('role', :role, true)"), {"role": role or "none"})


def _run(connection: Connection, statements: Iterable[str]) -> None:
    for statement in statements:
        connection.exec_driver_sql(statement)


def _version_table(stay: Visit) -> str:
    schema, table = stay.context.version_table_schema, stay.context.version_table
    return f"{quoted(schema)}.{quoted(table)}" if schema else quoted(table)
