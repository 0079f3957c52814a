"""Runs the user's unchanged env.py and takes over where it would run the revisions.

env.py alone knows how to connect: engine, driver, TLS, credentials, async or not. So every step of the runner is one
run of it, and the step's work happens inside its call of `context.run_migrations()`, on its connection.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar

from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import Connection, MetaData

from .errors import MigrationError, ProjectError
from .project import Project

T = TypeVar("T")


@dataclass(frozen=True)
class Visit:
    """One stay in the user's env.py.

    Args:
        connection: The connection that env.py made.
        context: Alembic's view of it.
        metadata: The models that env.py names; empty when it names none.
        run: Runs steps as plain Alembic would, with the arguments that env.py gives.
        before_commit: Called in each step's transaction, after the version is written.
    """

    connection: Connection
    context: MigrationContext
    metadata: tuple[MetaData, ...]
    run: Callable[[Sequence[MigrationStep]], None]
    before_commit: list[Callable[[], None]]

    def forbid_autocommit(self) -> None:
        """Refuse an autocommit block: whoever runs this relies on one transaction."""

        def refuse() -> NoReturn:
            raise MigrationError(
                "it opens an autocommit block that its own file does not show; call autocommit_block() in that file"
            )

        self.context.autocommit_block = refuse  # type: ignore[method-assign]

    def revisions(self) -> tuple[str, ...]:
        """Return the database's revisions; none when Alembic never ran on it."""
        with self.reading():
            return tuple(sorted(self.context.get_current_heads()))

    def beside(self) -> Connection:
        """Return a further connection of the same engine, for what must not join a transaction of env.py's own."""
        return self.connection.engine.connect()

    def reading(self) -> "_Reading":
        """Return a block that leaves no transaction behind that it began by reading."""
        return _Reading(self.connection)


class _Reading:
    """SQLAlchemy begins a transaction at the first statement; Alembic would take it for one of env.py's own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._began_before = connection.in_transaction()

    def __enter__(self) -> Connection:
        return self._connection

    def __exit__(self, *_: object) -> None:
        if not self._began_before and self._connection.in_transaction():
            self._connection.rollback()


def visit(project: Project, work: Callable[[Visit], T]) -> T:
    """Run env.py, and `work` where it runs the revisions.

    Args:
        project: Whose env.py.
        work: What to do on its connection.

    Returns:
        What `work` returned.

    Raises:
        ProjectError: If env.py never runs revisions, runs them twice, or gives no connection to PostgreSQL.
    """
    taken_over = _Takeover(project, work)
    with taken_over.environment:
        project.script.run_env()
    return taken_over.outcome()


class _Takeover(Generic[T]):
    """Stands in for two methods of Alembic's environment while env.py runs."""

    def __init__(self, project: Project, work: Callable[[Visit], T]) -> None:
        self._work = work
        self._steps: Sequence[MigrationStep] = ()
        self._before_commit: list[Callable[[], None]] = []
        self._results: list[T] = []
        self._error: BaseException | None = None
        # Alembic's proxies in `alembic.context` call the instance, and only of this very class: no subclass.
        self.environment = EnvironmentContext(project.config, project.script, fn=self._next_steps, as_sql=False)
        self._configure = self.environment.configure
        self._run_migrations = self.environment.run_migrations
        self.environment.configure = self._take_configure  # type: ignore[method-assign, assignment]
        self.environment.run_migrations = self._take_run  # type: ignore[method-assign]

    def outcome(self) -> T:
        """Return what the work returned, even if env.py swallowed what it raised."""
        if self._error is not None:
            raise self._error
        if not self._results:
            raise ProjectError("env.py never called context.run_migrations()")
        return self._results[0]

    def _take_configure(self, connection: Connection | None = None, **options: Any) -> None:
        options["transaction_per_migration"] = True
        own = options.get("on_version_apply") or ()
        options["on_version_apply"] = (*(own if isinstance(own, Iterable) else (own,)), self._on_version_apply)
        self._configure(connection, **options)

    def _on_version_apply(self, **_: object) -> None:
        for check in self._before_commit:
            check()

    def _take_run(self, **arguments: Any) -> None:
        if self._results:
            raise ProjectError("env.py runs revisions more than once: a release migrates one database")
        context = self.environment.get_context()
        connection = context.connection
        if connection is None or connection.dialect.name != "postgresql":
            raise ProjectError("env.py must call context.configure(connection=...) with a connection to PostgreSQL")
        try:
            self._results.append(
                self._work(
                    Visit(
                        connection,
                        context,
                        _metadata(context.opts.get("target_metadata")),
                        lambda steps: self._run(steps, arguments),
                        self._before_commit,
                    )
                )
            )
        except BaseException as error:
            self._error = error
            raise

    def _run(self, steps: Sequence[MigrationStep], arguments: dict[str, Any]) -> None:
        self._steps = steps
        self._run_migrations(**arguments)

    def _next_steps(self, *_: object) -> Sequence[MigrationStep]:
        return self._steps


def _metadata(value: object) -> tuple[MetaData, ...]:
    if isinstance(value, MetaData):
        return (value,)
    return tuple(one for one in value if isinstance(one, MetaData)) if isinstance(value, Sequence) else ()
