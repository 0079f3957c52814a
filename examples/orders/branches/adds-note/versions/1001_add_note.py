"""Keep a note with an order."""

import sqlalchemy as sa
from alembic import op

revision = "1001"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("orders", sa.Column("note", sa.String(200)))


def downgrade() -> None:
    op.drop_column("orders", "note")
