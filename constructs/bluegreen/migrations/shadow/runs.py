"""Runs of a project's own env.py, as Alembic makes them: one upgrade, one downgrade, one comparison with the models."""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import CheckConstraint, MetaData
from sqlalchemy.exc import SAWarning

from bluegreen.migrations.environment import Visit, visit
from bluegreen.migrations.project import Project

from .recorder import Recorder
from .server import ShadowError

T = TypeVar("T")
_Steps = Callable[[tuple[str, ...]], Sequence[MigrationStep]]


class Runs:
    """What can be done with one project and the database that its env.py connects to.

    Args:
        project: Whose env.py.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.checks: set[str] = set()
        """Names of the CHECK constraints that the models state; known after `compare`."""

    def version_table(self) -> str:
        """Return the name of the table in which the project keeps its revision."""
        return str(self._visit(lambda stay: stay.context.version_table))

    def upgrade(self, revision: str, recorder: Recorder | None = None) -> None:
        """Upgrade to a revision, as `alembic upgrade` would.

        Args:
            revision: Where to.
            recorder: Measures what is run; not recorded when omitted.

        Raises:
            Exception: Whatever the migration raises.
        """
        self._run(lambda current: self._project.script._upgrade_revs(revision, current), recorder)  # type: ignore[arg-type]  # noqa: SLF001 - as `alembic.command` does

    def downgrade(self, revision: str) -> None:
        """Go back to a revision, as `alembic downgrade` would; `base` is before the first.

        Raises:
            Exception: Whatever the migration raises.
        """
        self._run(lambda current: self._project.script._downgrade_revs(revision, current))  # type: ignore[arg-type]  # noqa: SLF001

    def _run(self, steps: _Steps, recorder: Recorder | None = None) -> None:
        def work(stay: Visit) -> None:
            planned = steps(stay.revisions())
            with recorder.recording(stay.connection) if recorder else contextlib.nullcontext():
                stay.run(planned)

        self._visit(work)

    def compare(self) -> list[Any]:
        """Return what would bring the database to the project's models, as Alembic's autogeneration finds it.

        Raises:
            ShadowError: If env.py gives no models.
        """

        def work(stay: Visit) -> list[Any]:
            if not stay.metadata:
                raise ShadowError(
                    "env.py gives Alembic no target_metadata, so nothing says what the version needs",
                    hint="pass target_metadata to context.configure, as for `alembic revision --autogenerate`",
                )
            self.checks.update(_checks(stay.metadata))
            # Few env.py files ask for defaults; a version that relies on one does not care.
            options = {**stay.context.opts, "compare_server_default": True}
            with stay.reading() as connection, warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)  # of indexes and options that it does not compare
                context = MigrationContext.configure(connection, opts=options)
                return list(compare_metadata(context, stay.context.opts["target_metadata"]))

        return self._visit(work)

    def _visit(self, work: Callable[[Visit], T]) -> T:
        """Visit env.py, and leave no connection in a pool of its own: it would hold the database."""
        engines = []

        def looked(stay: Visit) -> T:
            engines.append(stay.connection.engine)
            return work(stay)

        try:
            return visit(self._project, looked)
        finally:
            for engine in engines:
                engine.dispose()


def _checks(models: Iterable[MetaData]) -> Iterator[str]:
    for metadata in models:
        for table in metadata.tables.values():
            for constraint in table.constraints:
                if isinstance(constraint, CheckConstraint) and constraint.name is not None:
                    yield str(constraint.name)
