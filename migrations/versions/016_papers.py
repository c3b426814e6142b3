"""papers that are made once"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "016"
down_revision = "015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column(
            "made_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "kind IN ('signed_proposal', 'signed_change_order', 'receipt')", name=op.f("ck_papers_kind")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_papers_org_id_proposal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "file_id"], ["files.org_id", "files.id"], name=op.f("fk_papers_org_id_file_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "kind", "subject_id", name=op.f("pk_papers")),
    )
    op.create_index("ix_papers_org_id_proposal_id", "papers", ["org_id", "proposal_id"])
    op.execute("ALTER TABLE papers ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE papers FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON papers USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON papers TO CURRENT_USER USING (true) WITH CHECK (true)")
