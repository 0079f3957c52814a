"""What is in the database besides rows, read from its catalogue."""

from collections.abc import Sequence

from alembic.autogenerate import compare_metadata
from sqlalchemy import Connection, text

from .environment import Visit
from .errors import describe
from .fence import SCHEMA
from .indexes import invalid_indexes

_OURS = f"n.nspname NOT IN ('pg_catalog', 'information_schema', '{SCHEMA}') AND n.nspname !~ '^pg_'"
_MOST_TOLD = 20


def is_empty(connection: Connection, version_table: str) -> bool:
    """Return whether the database has no table, view or sequence but Alembic's own and those of extensions."""
    statement = (
        "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"  # noqa: S608 - a constant
        f" WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND {_OURS} AND c.relname <> :version_table"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') LIMIT 1"
    )
    return connection.execute(text(statement), {"version_table": version_table}).first() is None


def problems(stay: Visit, owner_role: str | None) -> tuple[str, ...]:
    """Return what is not as it should be, though the revisions went through.

    Args:
        stay: The visit of env.py; its models are compared with the database.
        owner_role: Who should own everything; None when it does not matter.

    Returns:
        One sentence each, at most 20 of a kind.
    """
    with stay.reading() as connection:
        found = [f"index {name} is INVALID: drop and build it again" for name in sorted(invalid_indexes(connection))]
        found += [f"constraint {one} is NOT VALID: VALIDATE it in a later revision" for one in _not_valid(connection)]
        if owner_role is not None:
            found += [f"{one}, not by {owner_role}: ALTER ... OWNER TO it" for one in _foreign(connection, owner_role)]
        found += _drift(stay)
    return tuple(found)


def _not_valid(connection: Connection) -> list[str]:
    statement = (
        "SELECT format('%s of %s', conname, c.relname) FROM pg_constraint JOIN pg_class c ON c.oid = conrelid"  # noqa: S608
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT convalidated AND {_OURS}"
        f" ORDER BY 1 LIMIT {_MOST_TOLD}"
    )
    return list(connection.scalars(text(statement)))


def _foreign(connection: Connection, owner_role: str) -> list[str]:
    statement = (
        "SELECT format('%s is owned by %s', c.relname, pg_get_userbyid(c.relowner)) FROM pg_class c"  # noqa: S608
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND {_OURS}"
        " AND pg_get_userbyid(c.relowner) <> :owner"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"
        f" ORDER BY 1 LIMIT {_MOST_TOLD}"
    )
    return list(connection.scalars(text(statement), {"owner": owner_role}))


def _drift(stay: Visit) -> list[str]:
    """Compare the image's models with the database, as `alembic check` does."""
    if not stay.metadata:
        return []
    context = stay.context
    metadata = stay.metadata if len(stay.metadata) > 1 else stay.metadata[0]
    try:
        differences = compare_metadata(context, metadata)  # type: ignore[arg-type]
    except Exception as error:  # noqa: BLE001 - the models are the user's; what went through stays a success
        return [f"the models cannot be compared with the database: {describe(error)}"]
    found = [_difference(one) for one in _flat(differences)]
    return [f"the models differ from the database: {one}" for one in found if not one.startswith("-")][:_MOST_TOLD]


def _flat(differences: Sequence[object]) -> list[tuple[object, ...]]:
    """Changes of one column come as a list of their own."""
    flat: list[tuple[object, ...]] = []
    for one in differences:
        if isinstance(one, tuple):
            flat.append(one)
        elif isinstance(one, Sequence):
            flat.extend(_flat(one))
    return flat


def _difference(one: tuple[object, ...]) -> str:
    """Say one change that autogenerate would make; a dash before what concerns the runner's own schema."""
    action, *rest = one
    subject = rest[-1] if len(rest) in {1, 3} and not isinstance(rest[-1], str | bool | None) else None
    if subject is not None and hasattr(subject, "name"):
        table = getattr(getattr(subject, "table", None), "name", None) or (rest[1] if len(rest) > 1 else None)
        schema = getattr(subject, "schema", None)
        where = f"{table}." if table else ""
        return f"{'-' if schema == SCHEMA else ''}{action} {where}{subject.name}"
    return f"{'-' if rest and rest[0] == SCHEMA else ''}{action} {'.'.join(str(part) for part in rest[1:3])}"
