"""Refuse new orders of nothing; those that are there are looked at by the next revision."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_check_constraint("orders_quantity_positive", "orders", "quantity > 0", postgresql_not_valid=True)


def downgrade() -> None:
    op.drop_constraint("orders_quantity_positive", "orders", type_="check")
