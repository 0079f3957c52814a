"""Let no note be kept twice; fails half-way while two orders have the same one."""

from alembic import op

revision = "1003"
down_revision = "1001"
allow = {"ban-new-write-restriction": "no version that serves writes a note"}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index("ix_orders_note", "orders", ["note"], unique=True, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("ix_orders_note", "orders", postgresql_concurrently=True)
