"""Add a column, then fail: the second statement misspells its name."""

import sqlalchemy as sa
from alembic import op

revision = "1002"
down_revision = "1001"


def upgrade() -> None:
    op.add_column("orders", sa.Column("discount", sa.Integer))
    op.execute("ALTER TABLE orders ALTER COLUMN disconut SET DEFAULT 0")


def downgrade() -> None:
    op.drop_column("orders", "discount")
