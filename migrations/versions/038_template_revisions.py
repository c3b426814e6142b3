"""what a template said before"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "038"
down_revision = "037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "proposal_templates", sa.Column("revision", sa.Integer(), server_default="1", nullable=False)
    )
    op.create_table(
        "template_revisions",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("saved_by", sa.Text(), nullable=False),
        sa.Column(
            "saved_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("restored_from", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_template_revisions_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "template_id"],
            ["proposal_templates.org_id", "proposal_templates.id"],
            name=op.f("fk_template_revisions_org_id_template_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_template_revisions")),
        sa.UniqueConstraint(
            "org_id",
            "template_id",
            "revision",
            name=op.f("uq_template_revisions_org_id_template_id_revision"),
        ),
    )
    op.execute(
        "INSERT INTO template_revisions (org_id, template_id, revision, name, content, saved_by, saved_at) "
        "SELECT org_id, id, 1, name, content, 'system', updated_at FROM proposal_templates"
    )
    op.execute("ALTER TABLE template_revisions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE template_revisions FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON template_revisions USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON template_revisions TO CURRENT_USER USING (true) WITH CHECK (true)")


def downgrade() -> None:
    op.drop_table("template_revisions")
    op.drop_column("proposal_templates", "revision")
