"""What squawk never says, or says too coarsely: our own checks of one statement, by its syntax tree."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from .pending import Pending, table_of, touches
from .tree import Node
from .vocabulary import HARMLESS_SETTINGS, JUDGED, KNOWN_FUNCTIONS, SERIAL_TYPES

_BY_KIND = {
    "TRUNCATE": "truncate",
    "LOCK": "lock-table",
    "DO": "do-block",
    "CALL": "opaque-call",
    "CREATE_TRIGGER": "create-trigger",
    "CREATE_RULE": "create-rule",
    "GRANT": "grant",
    "CLUSTER": "table-rewrite",
    **dict.fromkeys(("SET_ROLE", "RESET_ROLE", "RESET", "SET_SESSION_AUTH", "SET_TRANSACTION"), "session-setting"),
    **dict.fromkeys(
        (
            "BEGIN",
            "COMMIT_TRANSACTION",
            "ROLLBACK_TRANSACTION",
            "SAVEPOINT_CREATE",
            "RELEASE_SAVEPOINT",
            "ROLLBACK_TO_SAVEPOINT",
            "PREPARE_TRANSACTION",
            "COMMIT_PREPARED",
            "ROLLBACK_PREPARED",
        ),
        "transaction-control",
    ),
}
_BY_ACTION = {
    "INHERIT_TABLE": "inherit",
    "ATTACH_PARTITION": "attach-partition",
    **dict.fromkeys(("SET_TABLESPACE", "SET_LOGGED", "SET_UNLOGGED", "SET_ACCESS_METHOD"), "table-rewrite"),
    **dict.fromkeys(("OF_TYPE", "NOT_OF", "ALL_IN_TABLESPACE"), "unjudged-statement"),
}
_ADVISORY = re.compile(r"pg_(try_)?advisory_(xact_)?lock(_shared)?")
_SERIAL = frozenset(f"{schema}{name}" for schema in ("", "pg_catalog.") for name in SERIAL_TYPES)
_SHARED_LOCKS = frozenset({"VALIDATE_CONSTRAINT", "ATTACH_PARTITION"})
_ALONE = frozenset({"VACUUM", "CREATE_DATABASE", "DROP_DATABASE", "ALTER_SYSTEM"})


@dataclass
class Transaction:
    """The transaction that a statement runs in.

    Args:
        open: Whether there is one.
        pending: What was made before.
        held: Tables in use on which an earlier statement of it holds a lock that makes others wait.
        statements: How many it ran before.
    """

    open: bool
    pending: Pending
    held: list[str] = field(default_factory=list)
    statements: int = 0

    def note(self, statement: Node) -> None:
        """Take in what a statement did."""
        self.statements += 1
        hurts = statement.kind in {"CREATE_TRIGGER", "TRUNCATE"} or any(
            one.kind not in _SHARED_LOCKS
            for one in statement.children
            if statement.kind == "ALTER_TABLE" and one.children and one.kind != "TABLE_RELATION_NAME"
        )
        if hurts and not self.pending.is_new(statement):
            self.held += touches(statement)
        self.pending.note(statement)


def check(statement: Node, transaction: Transaction) -> Iterator[str]:
    """Yield the rules that a statement breaks.

    Args:
        statement: A child of what `tree.parse` returned.
        transaction: What ran before.
    """
    yield from _by_kind(statement)
    yield from _outside_and_inside(statement, transaction)
    yield from _rows(statement, transaction)
    if statement.kind == "ALTER_TABLE":
        yield from _actions(statement, transaction.pending)
    if statement.kind in {"SELECT", "SELECT_INTO", "VALUES"}:
        yield from _calls(statement)


def _by_kind(statement: Node) -> Iterator[str]:
    kind = statement.kind
    if kind not in _BY_KIND and kind not in JUDGED:
        yield "unjudged-statement"
    if rule := _BY_KIND.get(kind):
        yield rule
    yield from (rule for of, rule, applies in _SOMETIMES if kind == of and applies(statement))
    if statement.all("LOCKING_CLAUSE"):
        yield "lock-table"


def _sets_more_than_memory(statement: Node) -> bool:
    return not {one.name() for one in statement.all("CONFIG_PARAMETER_REF")} & HARMLESS_SETTINGS


def _is_full(vacuum: Node) -> bool:
    return re.match(r"vacuum\s*\(?[^()]*\bfull\b", vacuum.text, re.IGNORECASE) is not None


def _executes(function: Node) -> bool:
    return any(re.search(r"\bexecute\b", one.text, re.IGNORECASE) for one in function.all("AS_DEFINITION"))


_SOMETIMES: tuple[tuple[str, str, Callable[[Node], bool]], ...] = (
    ("SET", "session-setting", _sets_more_than_memory),
    ("ALTER_INDEX", "table-rewrite", lambda one: one.has("SET_TABLESPACE")),
    ("REFRESH", "table-rewrite", lambda one: not one.has("CONCURRENTLY_KW")),
    ("VACUUM", "table-rewrite", _is_full),
    ("CREATE_TABLE", "create-partition", lambda one: one.has("PARTITION_OF")),
    ("ALTER_DEFAULT_PRIVILEGES", "grant", lambda one: one.has("GRANT_DEFAULT_PRIVILEGES")),
    ("CREATE_FUNCTION", "dynamic-sql", _executes),
    ("CREATE_PROCEDURE", "dynamic-sql", _executes),
)


def _outside_and_inside(statement: Node, transaction: Transaction) -> Iterator[str]:
    """Check what must not run in a transaction, and what must not run outside one."""
    if statement.kind in {"EMPTY_STMT", "SEMICOLON"}:
        return
    concurrently = _is_concurrent(statement)
    if transaction.open and (concurrently or statement.kind in _ALONE):
        yield "not-in-transaction"
    if not transaction.open and transaction.statements:
        yield "not-alone"
    if statement.kind == "CREATE_INDEX" and concurrently and statement.has("IF_NOT_EXISTS"):
        yield "concurrently-if-not-exists"
    if transaction.open and transaction.held and _is_slow(statement, transaction.pending):
        yield "lock-held"


def _is_concurrent(statement: Node) -> bool:
    if statement.kind not in {"CREATE_INDEX", "DROP_INDEX", "REINDEX", "ALTER_TABLE"}:
        return False
    return bool(statement.all("CONCURRENTLY_KW", "DETACH_CONCURRENTLY"))


def _is_slow(statement: Node, pending: Pending) -> bool:
    """Return whether it goes through the rows of a table that is in use."""
    kind = statement.kind
    if kind in {"UPDATE", "DELETE", "MERGE", "CREATE_INDEX"}:
        return not pending.is_new(statement)
    if kind == "INSERT":
        return bool(statement.all("FROM_CLAUSE"))
    if kind == "ALTER_TABLE":
        return statement.has("VALIDATE_CONSTRAINT")
    return kind in {"CREATE_TABLE_AS", "SELECT_INTO", "REFRESH", "CREATE_MATERIALIZED_VIEW"}


def _rows(statement: Node, transaction: Transaction) -> Iterator[str]:
    """Check what is written to rows, in a statement or in a WITH of it."""
    for one in statement.all("UPDATE", "DELETE"):
        if one.children and not transaction.pending.is_new(one):
            verb = one.kind.lower()
            yield f"{verb}-without-where" if _is_everything(one) else _IN_RELEASE[verb]
    copies = [one for one in statement.all("INSERT") if one.all("FROM_CLAUSE")]
    if copies or statement.kind in {"MERGE", "CREATE_TABLE_AS", "SELECT_INTO"}:
        yield "backfill-in-release"


_IN_RELEASE = {"update": "backfill-in-release", "delete": "delete-in-release"}


def _is_everything(write: Node) -> bool:
    """Return whether no WHERE, or one that names no column, leaves every row."""
    where = write.child("WHERE_CLAUSE")
    if where is None:
        return not write.has("WHERE_CURRENT_OF")
    return not where.all("NAME_REF", "FIELD_EXPR")


def _actions(statement: Node, pending: Pending) -> Iterator[str]:
    for action in statement.children:
        if rule := _BY_ACTION.get(action.kind):
            yield rule
        if action.kind == "ADD_COLUMN" and any(one.name() in _SERIAL for one in action.children):
            yield "adding-field-with-default"  # squawk knows nextval() as a default, and not by this name
        if action.kind == "ALTER_COLUMN" and action.has("SET_NOT_NULL"):
            column = action.child("COLUMN_NAME_REF")
            if column is None or (table_of(statement), column.name()) not in pending.not_null:
                yield "set-not-null"


def _calls(statement: Node) -> Iterator[str]:
    for call in statement.all("CALL_EXPR"):
        name = call.children[0].name().removeprefix("pg_catalog.") if call.children else ""
        if name == "set_config":
            yield "session-setting"
        elif _ADVISORY.fullmatch(name):
            yield "lock-table"
        elif name not in KNOWN_FUNCTIONS:
            yield "opaque-call"
