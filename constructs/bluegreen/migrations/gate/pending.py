"""What pending revisions made before a statement runs: the version that still serves knows nothing of it."""

from dataclasses import dataclass, field

from .tree import Node

TABLES = ("TABLE_NAME_REF", "RELATION_NAME_REF")
_TARGETS = (
    *TABLES,
    "TABLE_RELATION_NAME",
    "RELATION_NAME",
    "TABLE_LIST",
    "RELATION_LIST",
    "ON_RELATION",
    "ON_TABLE",
    "RULE_ON",
    "TABLE_AND_COLUMNS_LIST",
    "REINDEX_TARGET_TABLE",
    "PARTITION_OF",
    "ATTACH_PARTITION",
)
_INDEXES = ("INDEX_REF", "REINDEX_TARGET_INDEX")
# No functions: one name may be several functions, and only some of them new.
_OTHERS = ("VIEW_REF", "SEQUENCE_REF", "TYPE_NAME_REF", "DOMAIN_REF")
_MADE = {
    "CREATE_TABLE": "TABLE_NAME",
    "CREATE_TABLE_AS": "TABLE_NAME",
    "CREATE_VIEW": "VIEW",
    "CREATE_MATERIALIZED_VIEW": "VIEW",
    "CREATE_SEQUENCE": "SEQUENCE",
    "CREATE_TYPE": "TYPE_NAME",
    "CREATE_DOMAIN": "DOMAIN",
}


@dataclass(frozen=True)
class Column:
    """A column that a pending revision adds to a table that is in use.

    Args:
        required: Whether it refuses NULL, so that an INSERT without it needs the default.
        default: Whether it has a default.
    """

    required: bool
    default: bool


@dataclass
class Pending:
    """What is new; `note` the statements one by one.

    Args:
        relations: New tables, views, sequences, types and domains.
        columns: New columns of tables that are in use.
        indexes: New indexes, and their tables.
        checks: Columns of which a constraint says IS NOT NULL, by table and constraint.
        not_null: Columns of which such a constraint is validated.
    """

    relations: set[str] = field(default_factory=set)
    columns: dict[tuple[str, str], Column] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    checks: dict[tuple[str, str], str] = field(default_factory=dict)
    not_null: set[tuple[str, str]] = field(default_factory=set)

    def is_new(self, statement: Node) -> bool:
        """Return whether everything that a statement touches is new; False when it is not known what that is."""
        touched = touches(statement)
        if not touched:
            touched = [self.indexes.get(one.name(), "") for one in statement.all(*_INDEXES)]
        if not touched:
            touched = [one.name() for one in statement.all(*_OTHERS)]
        return bool(touched) and all(name in self.relations for name in touched)

    def column(self, statement: Node, name: Node | None) -> Column | None:
        """Return a column if it is new."""
        return self.columns.get((table_of(statement), name.name())) if name is not None else None

    def are_left_null(self, statement: Node, action: Node) -> bool:
        """Return whether a constraint or an index is on new columns alone, which no other version fills."""
        found = [self.column(statement, one) for one in _columns(action)]
        return bool(found) and all(one is not None and not one.default for one in found)

    def note(self, statement: Node) -> None:
        """Take in what a statement makes."""
        # What may have been there before is not known to be new.
        if statement.has("IF_NOT_EXISTS", "OR_REPLACE"):
            return
        made = statement.child(_MADE.get(statement.kind, ""))
        if made is not None:
            self.relations.add(made.name())
        elif statement.kind == "CREATE_INDEX" and (index := statement.child("INDEX")) is not None:
            self.indexes[index.name()] = table_of(statement)
        elif statement.kind == "ALTER_TABLE":
            for action in statement.children:
                self._note_action(statement, action)

    def _note_action(self, statement: Node, action: Node) -> None:
        table = table_of(statement)
        if action.kind == "ADD_COLUMN" and not action.has("IF_NOT_EXISTS"):
            for name in action.all("COLUMN_NAME"):
                self.columns[table, name.name()] = Column(
                    required=action.has("NOT_NULL_CONSTRAINT", "PRIMARY_KEY_CONSTRAINT"),
                    default=action.has("DEFAULT_CONSTRAINT", "GENERATED_CONSTRAINT"),
                )
        elif action.kind == "TABLE_RENAME_TO" and table in self.relations:
            self.relations.update(one.name() for one in action.all("TABLE_NAME"))
        elif action.kind == "ADD_CONSTRAINT":
            column, names = _column_not_null(action), action.all("CONSTRAINT_NAME")
            if column is not None and names:
                self.checks[table, names[0].name()] = column
        elif action.kind == "VALIDATE_CONSTRAINT":
            names = action.all("CONSTRAINT_NAME_REF")
            self.not_null |= {(table, self.checks.get((table, one.name()), "")) for one in names}


def touches(statement: Node) -> list[str]:
    """Return the tables that a statement works on, as the database would know them."""
    targets = [one for one in statement.children if one.kind in _TARGETS]
    return [one.name() for target in targets for one in target.all(*TABLES)]


def table_of(statement: Node) -> str:
    """Return the first table that a statement works on; empty when it works on none."""
    return next(iter(touches(statement)), "")


def _columns(action: Node) -> list[Node]:
    """Return what an index or a constraint names, without the columns that a foreign key refers to."""
    own = next(iter(action.all("FOREIGN_KEY_COLUMN_LIST", "PARTITION_ITEM_LIST")), action)
    return own.all("COLUMN_NAME_REF", "NAME_REF")


def _column_not_null(action: Node) -> str | None:
    """Return the column of which a constraint says IS NOT NULL, and nothing else."""
    if (named := action.child("NOT_NULL_CONSTRAINT")) is not None:  # since PostgreSQL 18
        return next((one.name() for one in named.all("COLUMN_NAME_REF")), None)
    check = action.child("CHECK_CONSTRAINT")
    expression = check.child("PAREN_EXPR", "BIN_EXPR") if check is not None else None
    while expression is not None and expression.kind == "PAREN_EXPR":
        expression = expression.child("PAREN_EXPR", "BIN_EXPR")
    if expression is None or [one.kind for one in expression.children] != ["NAME_REF", "IS_NOT", "LITERAL"]:
        return None
    column, _, value = expression.children
    return column.name() if value.has("NULL_KW") else None
