"""Summaries of the symbols' records, so that long lists of them open at once

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("symbols") as batch:
        batch.add_column(sa.Column("last_updated", sa.DateTime(timezone=True)))
        batch.add_column(sa.Column("price", sa.Float()))
        batch.add_column(sa.Column("score", sa.Integer()))
        batch.add_column(sa.Column("below", sa.Float()))
        batch.add_column(sa.Column("above", sa.Float()))
        batch.add_column(sa.Column("rsi", sa.Float()))
        batch.add_column(sa.Column("summary", sa.JSON()))
        batch.add_column(sa.Column("summary_until", sa.DateTime(timezone=True)))
