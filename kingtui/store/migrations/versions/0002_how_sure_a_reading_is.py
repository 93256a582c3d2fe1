"""How sure a reading is

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("images") as table:
        table.add_column(sa.Column("sure_share", sa.Float()))
    op.execute("UPDATE images SET sure_share = 1 WHERE verified")
