"""Real PostgreSQL, 16 and 18, started once and with a database of its own for each test."""

import itertools
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from bluegreen.rehearsal.cloud.postgres import ADMIN, Postgres, free_address
from bluegreen.rehearsal.cloud.processes import Processes

MIGRATOR, PASSWORD, PORT = "migrator", "migrator-password", 5432
_numbers = itertools.count()


@dataclass(frozen=True)
class Database:
    """One empty database, and how its migrator reaches it."""

    server: Postgres
    name: str

    def url(self, driver: str = "postgresql+psycopg", user: str = MIGRATOR, password: str = PASSWORD) -> str:
        return f"{driver}://{user}:{password}@{self.server.address}:{self.server.port}/{self.name}"

    @contextmanager
    def connect(self, user: str = MIGRATOR, password: str = PASSWORD) -> Iterator[psycopg.Connection]:
        """A connection in autocommit, as anyone beside the runner has it."""
        with psycopg.connect(self.url("postgresql", user, password), autocommit=True) as connection:
            yield connection

    def query(self, statement: str) -> list[tuple]:
        with self.connect() as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def scalar(self, statement: str) -> object:
        return self.query(statement)[0][0]

    def wait_for(self, statement: str, seconds: float = 20) -> None:
        """Wait until a statement gives a row."""
        deadline = time.monotonic() + seconds
        while not self.query(statement):
            assert time.monotonic() < deadline, statement
            time.sleep(0.02)

    @property
    def log(self) -> str:
        return self.server._log.read_text(errors="replace")

    @contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        """The superuser, as RDS keeps it to itself."""
        with psycopg.connect(self.url("postgresql", ADMIN, self.server.admin_password), autocommit=True) as connection:
            yield connection


@pytest.fixture(scope="session")
def processes() -> Iterator[Processes]:
    started = Processes()
    yield started
    started.stop()


@pytest.fixture(scope="session", params=[16, 18], ids=lambda version: f"pg{version}")
def server(request: pytest.FixtureRequest, processes: Processes) -> Iterator[Postgres]:
    # Not pytest's folder: PostgreSQL does not run as root, and must reach its data.
    folder = Path(tempfile.mkdtemp(prefix="bluegreen-postgres-"))
    folder.chmod(0o711)
    running = Postgres(
        folder / "server",
        address=free_address(PORT),
        port=PORT,
        user=MIGRATOR,
        password=PASSWORD,
        database=None,
        version=request.param,
        processes=processes,
    )
    running.start()
    yield running
    running.stop()
    folder.rmdir()


@pytest.fixture
def database(server: Postgres) -> Iterator[Database]:
    name = f"test_{next(_numbers)}"
    with Database(server, "postgres").connect() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield Database(server, name)
    with Database(server, "postgres").connect() as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
