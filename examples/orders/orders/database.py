"""The connection to PostgreSQL."""

from collections.abc import Iterator

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from .settings import DatabaseSettings


class Database:
    """A pool of connections, made when first needed.

    Every wait is shorter than the load balancer's health-check timeout of 5 seconds, so that an unreachable database is
    reported as such and not as a slow task.
    """

    def __init__(self, settings: DatabaseSettings) -> None:
        self._engine: Engine = create_engine(
            settings.url,
            pool_size=5,
            max_overflow=0,
            pool_timeout=2,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 2, "options": "-c statement_timeout=4000"},
        )

    def is_reachable(self) -> bool:
        """Return whether a query is answered."""
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def session(self) -> Iterator[Session]:
        """Offer one session, for one request; what is not committed is rolled back."""
        with Session(self._engine) as session:
            yield session

    def close(self) -> None:
        """Close the idle connections."""
        self._engine.dispose()
