from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, inspect, text

from orders.models import Base
from orders.settings import DatabaseSettings

BRANCHES = sorted(path.parent.name for path in Path(__file__).parent.parent.glob("branches/*/alembic.ini"))

Alembic = Callable[..., str]


@pytest.fixture
def empty(database_environment: dict[str, str]) -> dict[str, str]:
    """A database without tables."""
    existing = DatabaseSettings.from_environment(database_environment)
    with create_engine(existing.url, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS migrated"))
        connection.execute(text("CREATE DATABASE migrated"))
    return database_environment | {"DATABASE_NAME": "migrated"}


def test_the_revisions_end_at_the_models(database_environment: dict[str, str]) -> None:
    """What the revisions make is what the service's models say, so autogenerate finds nothing to do."""
    engine = create_engine(DatabaseSettings.from_environment(database_environment).url, poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_the_revisions_can_be_taken_back(empty: dict[str, str], alembic: Alembic) -> None:
    """Down to nothing and up again, every revision of the service runs."""
    for direction in (("upgrade", "head"), ("downgrade", "base"), ("upgrade", "head")):
        alembic(*direction, environment=empty)
    engine = create_engine(DatabaseSettings.from_environment(empty).url, poolclass=NullPool)
    with engine.connect() as connection:
        assert sorted(inspect(connection).get_table_names()) == ["alembic_version", "orders"]


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_branch_goes_on_from_the_service_s_revisions(branch: str, alembic: Alembic) -> None:
    """Each branch has one head, and the SQL that leads there begins with the service's own revisions."""
    ini = f"branches/{branch}/alembic.ini"
    (head,) = alembic("heads", ini=ini).splitlines()
    sql = alembic("upgrade", "head", "--sql", ini=ini)
    assert sql.index("upgrade 0004 -> 0005") < sql.rindex(f"-> {head.split()[0]}")
