"""portal messages"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "010"
down_revision = "009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "portal_messages",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("kind IN ('question', 'changes', 'answer')", name=op.f("ck_portal_messages_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_portal_messages_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_portal_messages")),
    )
    op.create_index("ix_portal_messages_org_id_proposal_id", "portal_messages", ["org_id", "proposal_id"])
    op.execute("ALTER TABLE portal_messages ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE portal_messages FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON portal_messages USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON portal_messages TO CURRENT_USER USING (true) WITH CHECK (true)")
