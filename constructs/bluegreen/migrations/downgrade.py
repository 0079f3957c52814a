"""Takes revisions back, only if that loses nothing."""

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass

from alembic.runtime.migration import MigrationStep, RevisionStep
from alembic.script import Script
from sqlalchemy import Connection

from bluegreen.release.migrations.result import Outcome, Result

from .environment import Visit, visit
from .errors import ProjectError, RefusedError
from .options import Options
from .progress import Progress
from .project import Project, RevisionSource, source_of
from .rendering import render_sql
from .stepping import Stepper

_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_TABLE = rf"(?P<table>{_NAME}(?:\.{_NAME})?)"
_COLUMN = rf"(?P<column>{_NAME})"
_TAKES_ROWS = tuple(
    re.compile(pattern + r"$", re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"drop\s+table\s+(?:if\s+exists\s+)?{_TABLE}(?:\s+restrict)?",
        rf"alter\s+table\s+(?:only\s+)?{_TABLE}\s+drop\s+column\s+(?:if\s+exists\s+)?{_COLUMN}(?:\s+restrict)?",
        rf"alter\s+table\s+(?:only\s+)?{_TABLE}\s+alter\s+(?:column\s+)?{_COLUMN}\s+(?:set\s+data\s+)?type\s[^;]*",
    )
)
_KEEPS_ROWS = re.compile(
    rf"""(
        drop\s+index\s[^;]*
        | create\s+(unique\s+)?index\s[^;]*
        | drop\s+(view|trigger|function|sequence|type)\s+(?![^;]*\bcascade\b)[^;]*
        | comment\s+on\s[^;]*
        | alter\s+index\s[^;]*
        | alter\s+table\s+(if\s+exists\s+)?(only\s+)?{_NAME}(\.{_NAME})?\s+(
            drop\s+constraint\s+(?![^;]*\bcascade\b)
            | add\s+(column|constraint|check|unique|primary|foreign)\s
            | validate\s+constraint\s
            | rename\s
            | alter\s+(column\s+)?{_NAME}\s+(set|drop)\s+(default|not\s+null)
        )[^;]*
    )$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Loss:
    """What a statement takes away: a whole table, or one column of it, as the statement names them."""

    table: str
    column: str | None

    def exists(self, connection: Connection) -> bool:
        """Return whether there is such a table."""
        name = self.table.replace("'", "''")
        return connection.exec_driver_sql(f"SELECT to_regclass('{name}')").scalar() is not None

    def has_rows(self, connection: Connection) -> bool:
        """Return whether there is anything to lose; no row's value is read."""
        condition = f"WHERE {self.column} IS NOT NULL" if self.column else ""
        statement = f"SELECT EXISTS (SELECT 1 FROM {self.table} {condition})"  # noqa: S608 - names from the revision itself
        return bool(connection.exec_driver_sql(statement).scalar())

    def __str__(self) -> str:
        return f"rows of {self.table}" if self.column is None else f"values of {self.table}.{self.column}"


def losses(statements: tuple[str, ...]) -> tuple[Loss, ...]:
    """Return what statements take away when there is something in it.

    Args:
        statements: A rendered downgrade.

    Returns:
        Tables and columns.

    Raises:
        RefusedError: If one of the statements is none of those that are known to keep all rows or to take named ones.

    Example:
        >>> [str(one) for one in losses(("ALTER TABLE orders DROP COLUMN note", "DROP INDEX by_note"))]
        ['values of orders.note']
        >>> losses(("DELETE FROM orders",))
        Traceback (most recent call last):
        bluegreen.migrations.errors.RefusedError: cannot tell what would be lost by: DELETE FROM orders
    """
    found = []
    for statement in statements:
        taking = next((match for one in _TAKES_ROWS if (match := one.match(statement))), None)
        if taking is not None:
            found.append(Loss(taking["table"], taking.groupdict().get("column")))
        elif _KEEPS_ROWS.match(statement) is None:
            raise RefusedError(f"cannot tell what would be lost by: {' '.join(statement.split())[:200]}")
    return tuple(found)


def downgrade(project: Project, options: Options, progress: Progress, target: str) -> Result:
    """Take back what came after a revision, the newest first.

    Args:
        project: It must know the database's revisions: use the image that applied them.
        options: How.
        progress: What is through.
        target: The revision to go back to, or `base`.

    Returns:
        The result.

    Raises:
        RefusedError: If one is not reversible, or rows would be lost; nothing was done then.
        MigrationError: And what else `Stepper.all` raises.
    """

    def look(stay: Visit) -> list[RevisionSource]:
        progress.connected = True
        progress.before = progress.after = stay.revisions()
        sources = [source_of(script) for script in _to_take_back(project, progress.before, target)]
        with stay.reading() as connection:
            for source in sources:
                _refuse(source, _losses(project, source), connection)
        return sources

    if not visit(project, look):
        return progress.result(Outcome.NOTHING_PENDING, f"the database is at {target} already")

    def choose(stay: Visit) -> tuple[RevisionSource, MigrationStep] | None:
        scripts = _to_take_back(project, stay.revisions(), target)
        if not scripts:
            return None
        source = source_of(scripts[0])
        step = RevisionStep(project.script.revision_map, scripts[0], is_upgrade=False)
        step.migration_fn = _guarded(project, source, step.migration_fn, stay)
        return source, step

    Stepper(project, options, progress).all(choose)
    return progress.result(Outcome.MIGRATED)


def _to_take_back(project: Project, current: tuple[str, ...], target: str) -> tuple[Script, ...]:
    unknown = project.unknown(current)
    if unknown:
        raise ProjectError(
            f"this image does not know {', '.join(unknown)}, which the database is at; downgrade from the image that"
            " applied it"
        )
    if target != "base" and target not in project.scripts:
        raise ProjectError(f"no revision {target} in this image; it has {', '.join(sorted(project.scripts))}")
    return () if current in {(target,), ()} else project.between(current, target)


def _losses(project: Project, source: RevisionSource) -> tuple[Loss, ...]:
    """Refuse a revision whose downgrade does nothing or hides what it does; else return what it takes away."""
    if not source.reversible:
        raise RefusedError(
            f"revision {source.revision} is not reversible: its downgrade() does nothing", source.revision
        )
    rendering = render_sql(project.scripts[source.revision], "downgrade")
    if rendering.statements is None:
        raise RefusedError(
            f"revision {source.revision}: what its downgrade would lose is not known: {rendering.why_not}",
            source.revision,
        )
    try:
        return losses(rendering.statements)
    except RefusedError as error:
        raise RefusedError(f"revision {source.revision}: {error}", source.revision) from error


def _refuse(source: RevisionSource, taken: tuple[Loss, ...], connection: Connection, *, lock: bool = False) -> None:
    """Refuse to take away what is not empty."""
    for loss in taken:
        if lock and loss.exists(connection):  # writers wait while the table is looked at; readers go on
            connection.exec_driver_sql(f"LOCK TABLE {loss.table} IN SHARE ROW EXCLUSIVE MODE")
        if loss.exists(connection) and loss.has_rows(connection):
            raise RefusedError(f"revision {source.revision}: its downgrade would lose {loss}", source.revision)


def _guarded(
    project: Project, source: RevisionSource, function: Callable[..., None], stay: Visit
) -> Callable[..., None]:
    """Look again in the downgrade's own transaction, where nobody can write any more."""
    taken = _losses(project, source)

    @functools.wraps(function)
    def run(**arguments: object) -> None:
        _refuse(source, taken, stay.connection, lock=source.transactional)
        function(**arguments)

    return run
