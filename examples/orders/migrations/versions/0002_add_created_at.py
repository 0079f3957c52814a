"""Keep when an order was placed; those before it count as placed when this ran."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # now() is the same for every row, so PostgreSQL keeps it once and rewrites nothing.
    op.add_column(
        "orders", sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("orders", "created_at")
