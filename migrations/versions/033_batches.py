"""batches to QuickBooks: their turns, and which requests left in one"""

import sqlalchemy as sa
from alembic import op

revision = "033"
down_revision = "032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "qbo_lanes",
        sa.Column("next_batch_at", sa.TIMESTAMP(timezone=True), server_default=sa.func.now(), nullable=False),
    )
    op.add_column("qbo_requests", sa.Column("batched_at", sa.TIMESTAMP(timezone=True), nullable=True))
