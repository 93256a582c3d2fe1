"""Messages that were deleted

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("receipts") as table:
        table.add_column(sa.Column("withdrawn_at", sa.DateTime(timezone=True)))
