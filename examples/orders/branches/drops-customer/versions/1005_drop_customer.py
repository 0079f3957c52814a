"""Drop the customer, which the version that serves still reads and writes."""

import sqlalchemy as sa
from alembic import op

revision = "1005"
down_revision = "1004"


def upgrade() -> None:
    op.drop_column("orders", "customer")


def downgrade() -> None:
    op.add_column("orders", sa.Column("customer", sa.String(100)))
