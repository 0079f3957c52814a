"""Find the orders of a customer by an index, built while orders are read and written."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Alone in its revision: what stands in an autocommit block is not undone when something after it fails.
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_customer", "orders", ["customer"], postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_customer", "orders", postgresql_concurrently=True)
