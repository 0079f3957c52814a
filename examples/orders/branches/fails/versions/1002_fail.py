"""Add a column, then fail: no order has a customer of that name."""

import sqlalchemy as sa
from alembic import op

revision = "1002"
down_revision = "1001"


def upgrade() -> None:
    op.add_column("orders", sa.Column("discount", sa.Integer))
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT orders_discount_positive")


def downgrade() -> None:
    op.drop_column("orders", "discount")
