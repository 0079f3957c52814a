"""Keep who came; takes long enough for another service's migrations to come meanwhile."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SELECT pg_sleep(5)")
    op.add_column("visits", sa.Column("visitor", sa.Text))


def downgrade() -> None:
    op.drop_column("visits", "visitor")
