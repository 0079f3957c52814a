"""Count visits."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("page", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("visits")
