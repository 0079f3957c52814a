"""Keep coupons, in a table and a column of their own."""

import sqlalchemy as sa
from alembic import op

revision = "1008"
down_revision = "1007"


def upgrade() -> None:
    op.create_table(
        "coupons",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("percent", sa.SmallInteger, nullable=False),
    )
    op.add_column("orders", sa.Column("coupon", sa.String(20)))


def downgrade() -> None:
    op.drop_column("orders", "coupon")
    op.drop_table("coupons")
