"""postings left out by a person, and what a person changed of them"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "028"
down_revision = "027"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.drop_constraint(op.f("ck_postings_state"), "postings", type_="check")
    # Held for the moment of the check only: what stands is checked without holding the table up.
    op.execute(
        "ALTER TABLE postings ADD CONSTRAINT ck_postings_state "
        "CHECK (state IN ('waiting','posted','needs_you','skipped')) NOT VALID"
    )
    op.execute("ALTER TABLE postings VALIDATE CONSTRAINT ck_postings_state")
    op.add_column("postings", sa.Column("skipped_why", sa.Text(), nullable=True))
    op.create_table(
        "qbo_edits",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.Column("edited_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_edits_org_id")),
        sa.PrimaryKeyConstraint("org_id", "subject", name=op.f("pk_qbo_edits")),
    )
    op.execute("ALTER TABLE qbo_edits ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE qbo_edits FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON qbo_edits USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON qbo_edits TO CURRENT_USER USING (true) WITH CHECK (true)")
