"""Say of every order whether it is urgent, slowly: twenty shares of the orders, with a pause after each."""

from alembic import op
from sqlalchemy import text

revision = "1007"
down_revision = "1004"

SHARES = 20
SHARE = text("UPDATE orders SET urgent = false WHERE urgent IS NULL AND id % :shares = :share")
PAUSE = text("SELECT pg_sleep(0.5)")


def upgrade() -> None:
    for share in range(SHARES):
        op.execute(SHARE.bindparams(shares=SHARES, share=share))
        op.execute(PAUSE)


def downgrade() -> None:
    """Leave it: the version before reads no order's urgency."""
