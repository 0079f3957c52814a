"""Rename the product, which the version that serves knows by its old name."""

from alembic import op

revision = "1006"
down_revision = "1004"


def upgrade() -> None:
    op.alter_column("orders", "product", new_column_name="article")


def downgrade() -> None:
    op.alter_column("orders", "article", new_column_name="product")
