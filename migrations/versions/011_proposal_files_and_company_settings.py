"""photos and papers of proposals; what a company sets for its proposals, papers and mails"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "011"
down_revision = "010"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "proposal_files",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("caption", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_proposal_files_org_id_proposal_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "file_id"],
            ["files.org_id", "files.id"],
            name=op.f("fk_proposal_files_org_id_file_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_proposal_files")),
        sa.UniqueConstraint(
            "org_id", "proposal_id", "file_id", name=op.f("uq_proposal_files_org_id_proposal_id_file_id")
        ),
    )
    op.create_index("ix_proposal_files_org_id_file_id", "proposal_files", ["org_id", "file_id"])
    op.execute("ALTER TABLE proposal_files ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE proposal_files FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON proposal_files USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON proposal_files TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(
        "CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON proposal_files "
        "FOR EACH ROW EXECUTE FUNCTION crm_refuse_frozen()"
    )

    for column in (
        sa.Column("logo_file_id", sa.Integer(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("licence_number", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("validity_days", sa.Integer(), nullable=True),
        sa.Column("default_tax_percent", sa.Numeric(6, 3), nullable=True),
        sa.Column("default_introductions", JSONB, server_default="{}", nullable=False),
        sa.Column("default_terms", JSONB, server_default="{}", nullable=False),
    ):
        op.add_column("orgs", column)
    op.create_check_constraint(op.f("ck_orgs_language"), "orgs", "language IN ('en', 'es')")
    op.create_check_constraint(
        op.f("ck_orgs_validity_days"), "orgs", "validity_days IS NULL OR validity_days BETWEEN 1 AND 365"
    )
    op.create_foreign_key(
        op.f("fk_orgs_id_logo_file_id"), "orgs", "files", ["id", "logo_file_id"], ["org_id", "id"]
    )
