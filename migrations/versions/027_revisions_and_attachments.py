"""drafts count their revisions, mails name the paper that goes with them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "027"
down_revision = "026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("proposals", sa.Column("revision", sa.Integer(), server_default="1", nullable=False))
    op.add_column("proposals", sa.Column("revised_by", sa.Text(), nullable=True))
    op.add_column(
        "proposals",
        sa.Column(
            "revised_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
    )
    op.add_column("mail_messages", sa.Column("paper_kind", sa.Text(), nullable=True))
    op.add_column("mail_messages", sa.Column("paper_subject_id", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("mail_messages", "paper_subject_id")
    op.drop_column("mail_messages", "paper_kind")
    op.drop_column("proposals", "revised_at")
    op.drop_column("proposals", "revised_by")
    op.drop_column("proposals", "revision")
