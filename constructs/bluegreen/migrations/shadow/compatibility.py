"""What the version that still serves would meet in the migrated schema, judged by its own models."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any, Self

from sqlalchemy import BigInteger, Integer, SmallInteger, String, Table, UniqueConstraint
from sqlalchemy.types import TypeEngine

_INTEGERS = (SmallInteger, Integer, BigInteger)


@dataclass(frozen=True, kw_only=True, order=True)
class Break:
    """One thing that the live version relies on and does not find.

    Args:
        where: The table, or table.column.
        what: What it would meet, and which of its queries that fails.
        instead: How to reach the same in two releases.
        fatal: Whether its queries fail; otherwise it may read what it does not expect.
    """

    where: str
    what: str
    instead: str
    fatal: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Self:
        """Read what `to_dict` wrote."""
        return cls(**document)


_LATER = "keep it until a release after the one that no longer uses it, and drop it there"
_RENAME = "add the new name beside the old one, write both, and drop the old one in a later release"


def breaks(differences: Iterable[Any]) -> tuple[Break, ...]:
    """Judge what would bring a database to the live models.

    Args:
        differences: What `alembic.autogenerate.compare_metadata` returns for the live version's models.

    Returns:
        What that version would suffer from, without what it need not know of: new tables, new columns that may be
        left out, indexes that forbid nothing.

    Example:
        >>> from sqlalchemy import Column, Integer
        >>> breaks([("add_column", None, "orders", Column("note", Integer))])[0].where
        'orders.note'
        >>> breaks([("remove_column", None, "orders", Column("extra", Integer, nullable=True))])
        ()
    """
    found: list[Break] = []
    all_of_them = list(differences)
    left_null = {
        _name(one[2], one[1], one[3].name) for one in all_of_them if one[0] == "remove_column" and _null(one[3])
    }
    for difference in all_of_them:
        if isinstance(difference, list):
            for change in difference:
                found.extend(_modified(*change))
        else:
            found.extend(_judge(difference[0], difference[1:], left_null))
    return tuple(sorted(set(found)))


def _judge(kind: str, what: Any, left_null: AbstractSet[str]) -> Iterator[Break]:
    """Judge one difference by Alembic's name for what would undo it: what the database lacks is to be added."""
    match kind:
        case "add_table":
            yield from _missing_table(*what)
        case "add_column":
            yield from _missing_column(*what)
        case "remove_column":
            yield from _unknown_column(*what)
        case "remove_index" | "remove_constraint" if _is_unique(what[0]):
            yield from _unique(what[0], left_null)
        case "add_index" | "add_constraint" if _is_unique(what[0]):
            yield from _no_longer_unique(what[0])
        case "remove_fk":
            yield from _unknown_foreign_key(what[0], left_null)


def _null(column: Any) -> bool:
    """Return whether a column stays NULL when nobody knows of it: no uniqueness and no reference then matters."""
    return bool(column.nullable and column.server_default is None)


def _is_unique(one: Any) -> bool:
    return isinstance(one, UniqueConstraint) or bool(getattr(one, "unique", False))


def _missing_table(table: Table) -> Iterator[Break]:
    yield Break(where=_name(table), what="the table is gone: every query of it fails", instead=f"{_LATER}; {_RENAME}")


def _missing_column(schema: str | None, table: str, column: Any) -> Iterator[Break]:
    what = "the column is gone: every query that names it fails, and an ORM names all of them"
    yield Break(where=_name(table, schema, column.name), what=what, instead=f"{_LATER}; {_RENAME}")


def _unknown_column(schema: str | None, table: str, column: Any) -> Iterator[Break]:
    given = column.nullable or column.server_default is not None or column.identity or column.computed
    if not given:
        yield Break(
            where=_name(table, schema, column.name),
            what="the new column is NOT NULL without a default: inserts that do not know it fail",
            instead="give it a server default, or let it be NULL until every version writes it",
        )


def _unique(index: Any, left_null: AbstractSet[str]) -> Iterator[Break]:
    names = [column.name for column in index.columns]
    if left_null.isdisjoint(_name(index.table, None, name) for name in names):
        yield Break(
            where=_name(index.table, None, ", ".join(names)),
            what=f"{index.name} now forbids equal values: writes of the live version that repeat one fail",
            instead="let a release avoid such values first, and forbid them in a later one",
        )


def _no_longer_unique(index: Any) -> Iterator[Break]:
    yield Break(
        where=_name(index.table, None, ", ".join(column.name for column in index.columns)),
        what=f"{index.name} is gone: an upsert (ON CONFLICT) on it fails, and equal values are no longer refused",
        instead=_LATER,
        fatal=False,
    )


def _unknown_foreign_key(constraint: Any, left_null: AbstractSet[str]) -> Iterator[Break]:
    names = list(constraint.column_keys)
    if left_null.isdisjoint(_name(constraint.parent, None, name) for name in names):
        yield Break(
            where=_name(constraint.parent, None, ", ".join(names)),
            what=f"foreign key {constraint.name} is new: writes without the row that it points to fail",
            instead="let a release write only such rows first, and add the key in a later one",
        )


def _modified(how: str, *difference: Any) -> Iterator[Break]:
    """One `modify_*`: Alembic gives the database's state before the models'."""
    schema, table, column, more, database, models = difference
    where = _name(table, schema, column)
    if how == "modify_nullable":
        if database is False:
            what = "the column is now NOT NULL: writes that leave it empty fail"
            yield Break(where=where, what=what, instead="let a release always write it, and forbid NULL in a later one")
        else:
            what = "the column may now be NULL: what the live version reads may be missing"
            instead = "let a release cope with NULL before one writes it"
            yield Break(where=where, what=what, instead=instead, fatal=False)
    elif how == "modify_type" and not _holds(database, models):
        what = f"the column is now {database} and was {_shown(models)}: values may not fit, or come back different"
        yield Break(
            where=where, what=what, instead="add a column of the new type, write both, switch, drop the old one"
        )
    elif how == "modify_default" and not database and not more.get("existing_nullable", True):
        what = "the default is gone: inserts that rely on it fail"
        yield Break(where=where, what=what, instead="keep the default until no version that serves relies on it")


def _holds(database: TypeEngine[Any], models: TypeEngine[Any]) -> bool:
    """Return whether every value of the models' type fits into the database's and comes back equal."""
    if isinstance(models, String) and isinstance(database, String):
        return database.length is None or (models.length is not None and models.length <= database.length)
    ranks = [[isinstance(one, kind) for kind in _INTEGERS] for one in (models, database)]
    if all(any(rank) for rank in ranks):
        return _rank(models) <= _rank(database)
    return False


def _rank(kind: TypeEngine[Any]) -> int:
    """SQLAlchemy's small and big integers are subclasses of its integer."""
    return 0 if isinstance(kind, SmallInteger) else 2 if isinstance(kind, BigInteger) else 1


def _shown(kind: TypeEngine[Any]) -> str:
    try:
        return str(kind.compile())
    except Exception:  # noqa: BLE001 - a type of the project's own may need a dialect
        return repr(kind)


def _name(table: Any, schema: str | None = None, column: str = "") -> str:
    if isinstance(table, Table):
        schema, table = table.schema, table.name
    return ".".join(part for part in (schema, table, column) if part)
