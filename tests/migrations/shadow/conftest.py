"""A shadow database on each real PostgreSQL, and small Alembic projects to run on it."""

import os
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest

from bluegreen.migrations.project import Project
from bluegreen.migrations.shadow.server import DATABASE, Server
from bluegreen.migrations.shadow.worker import ShadowRun
from bluegreen.rehearsal.cloud.postgres import ADMIN, Postgres, programs

ENV = """
import os
from alembic import context
from sqlalchemy import NullPool, create_engine
from {models} import Base

engine = create_engine(os.environ["DATABASE_URL"], poolclass=NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """
from sqlalchemy import *
from sqlalchemy.orm import DeclarativeBase

class Base(DeclarativeBase):
    pass
"""
INI = "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = %(here)s\npath_separator = os\n"


class Written:
    """An Alembic project, written revision by revision."""

    def __init__(self, folder: Path, models: str = "") -> None:
        self.folder = folder
        self._versions = folder / "migrations" / "versions"
        self._versions.mkdir(parents=True)
        self._last: str | None = None
        # Modules of several projects live in one process here, and so need names of their own.
        name = f"models_{folder.name.replace('-', '_')}"
        (folder / f"{name}.py").write_text(MODELS + textwrap.dedent(models))
        (folder / "alembic.ini").write_text(INI)
        self.env = folder / "migrations" / "env.py"
        self.env.write_text(ENV.format(models=name))

    def add(self, revision: str, upgrade: str, downgrade: str = "pass", *, head: str = "") -> "Written":
        """Write the next revision; a text that is no call of Alembic's is SQL."""
        body = [
            f'"""Revision {revision}."""',
            "import sqlalchemy as sa",
            "from alembic import op",
            f"revision, down_revision = {revision!r}, {self._last!r}",
            head,
            f"def upgrade():\n{_body(upgrade)}",
            f"def downgrade():\n{_body(downgrade)}",
        ]
        (self._versions / f"{revision}.py").write_text("\n".join(body) + "\n")
        self._last = revision
        return self

    def open(self) -> Project:
        return Project.open(str(self.folder / "alembic.ini"))


def _body(code: str) -> str:
    code = textwrap.dedent(code)
    if not code.startswith(("op.", "with ", "pass", "raise", "for ")):
        code = f"op.execute({code!r})"
    return textwrap.indent(code, "    ")


@pytest.fixture(scope="session")
def shadow_server(server: Postgres) -> Iterator[Server]:
    """One database for all tests: making one takes longer than most of them."""
    where = Server(
        psql=str(programs(server.version) / "psql"),
        host=server.address,
        port=server.port,
        admin=ADMIN,
        admin_password=server.admin_password,
        user="migrator",
        password="migrator-password",
    )
    where.sql(f"CREATE DATABASE {DATABASE} OWNER {where.user}", "postgres")
    yield where
    kept = where.sql("SELECT datname FROM pg_database WHERE datname LIKE 'stage%'", "postgres").split()
    for name in [DATABASE, *kept]:
        where.sql(f"DROP DATABASE {name} WITH (FORCE)", "postgres")


@pytest.fixture
def shadow(shadow_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The shadow database, empty, and named in the environment."""
    where = shadow_server
    url = f"postgresql+psycopg://{where.user}:{where.password}@{where.host}:{where.port}/{DATABASE}"
    monkeypatch.setitem(os.environ, "DATABASE_URL", url)
    yield where
    where.sql(f"DROP OWNED BY {where.user} CASCADE; DROP SCHEMA IF EXISTS bluegreen_shadow CASCADE")


@pytest.fixture
def migrator(shadow: Server) -> Callable[[str], None]:
    """Runs statements in the shadow database as the migrations' user."""

    def run(statements: str) -> None:
        where = {"host": shadow.host, "port": shadow.port, "dbname": DATABASE}
        with psycopg.connect(**where, user=shadow.user, password=shadow.password, autocommit=True) as connection:
            connection.execute(statements)

    return run


@pytest.fixture
def judged(shadow: Server) -> Callable[..., list[dict[str, Any]]]:
    """Runs a project and returns the document of each revision after `since`."""

    def run(project: Written, since: Sequence[str] = ("1",)) -> list[dict[str, Any]]:
        return list(ShadowRun(project.open(), shadow, {}).of(since)["revisions"])

    return run
