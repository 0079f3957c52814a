"""Connects Alembic to the database that the environment names; `--sql` writes SQL and connects to none."""

import os

from alembic import context
from sqlalchemy import URL, NullPool, create_engine


def run_offline() -> None:
    """Write the SQL of revisions."""
    context.configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run revisions."""
    host, port, name, user, password = (
        os.environ[f"DATABASE_{field}"] for field in ("HOST", "PORT", "NAME", "USER", "PASSWORD")
    )
    url = URL.create("postgresql+psycopg", user, password, host, int(port), name)
    with create_engine(url, poolclass=NullPool).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
