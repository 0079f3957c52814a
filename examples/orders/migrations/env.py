"""Connects Alembic to the database that the environment names; `--sql` writes SQL and connects to none."""

from alembic import context
from sqlalchemy import NullPool, create_engine

from orders.models import Base
from orders.settings import DatabaseSettings


def run_offline() -> None:
    """Write the SQL of revisions."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run revisions."""
    engine = create_engine(DatabaseSettings.from_environment().url, poolclass=NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    run_online()
