"""Let an order be urgent."""

import sqlalchemy as sa
from alembic import op

revision = "1004"
down_revision = "1003"


def upgrade() -> None:
    op.add_column("orders", sa.Column("urgent", sa.Boolean))


def downgrade() -> None:
    op.drop_column("orders", "urgent")
