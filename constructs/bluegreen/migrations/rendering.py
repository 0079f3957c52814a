"""The SQL of a revision without a database and without env.py, as `alembic upgrade --sql` would print it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import Script
from sqlalchemy.dialects import postgresql

from .errors import first_line
from .syntax import asks_how_it_runs


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """What came of rendering one revision.

    Args:
        statements: One text for each call of Alembic, without a final semicolon; None when it cannot be rendered.
        why_not: Why; empty when it was rendered.
        leaves_transaction: Whether it opened an autocommit block on the way.
    """

    statements: tuple[str, ...] | None
    why_not: str = ""
    leaves_transaction: bool = False


def render_sql(script: Script, direction: Literal["upgrade", "downgrade"] = "upgrade") -> Rendering:
    """Render what a revision runs.

    A revision that reads the database, or asks whether there is one, has no SQL that is known before it runs.

    Args:
        script: The revision.
        direction: Which of its functions; its upgrade when omitted.

    Returns:
        The statements, or why there are none.
    """
    if asks_how_it_runs(Path(script.path).read_text(encoding="utf-8")):
        return Rendering(statements=None, why_not=f"{direction}() may run other SQL against a database than rendered")
    function = getattr(script.module, direction, None)
    if function is None:
        return (
            Rendering(statements=()) if direction == "upgrade" else Rendering(statements=None, why_not="no downgrade()")
        )
    output = _Statements()
    context = _OfflineContext(output)
    try:
        with Operations.context(context):
            function()
    except Exception as error:  # noqa: BLE001 - the revision is the user's and may raise anything
        why = f"{direction}() needs a database to know its SQL ({type(error).__name__}: {first_line(error)})"
        return Rendering(statements=None, why_not=why, leaves_transaction=context.left_transaction)
    return Rendering(statements=tuple(output.statements), leaves_transaction=context.left_transaction)


class _Statements(io.StringIO):
    """Alembic writes one statement at a time; keep them apart instead of parsing them out of a script."""

    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def write(self, text: str) -> int:
        statement = text.strip().removesuffix(";").strip()
        if statement:
            self.statements.append(statement)
        return len(text)


class _OfflineContext(MigrationContext):
    """Renders for PostgreSQL, with an autocommit block as a mark instead of as COMMIT and BEGIN."""

    def __init__(self, output: io.StringIO) -> None:
        # With named parameters nothing is escaped for a driver's format strings.
        dialect: Any = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        super().__init__(dialect, None, {"as_sql": True, "literal_binds": True, "output_buffer": output})
        self.left_transaction = False

    @contextmanager
    def autocommit_block(self) -> Iterator[None]:
        self.left_transaction = True
        yield
