"""from which day on payments are taken into the books, and what that left out"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "037"
down_revision = "036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "postings",
        sa.Column("outside_backfill", sa.Boolean(), server_default="false", nullable=False),
    )
    op.create_table(
        "backfills",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("to_day", sa.Date(), nullable=True),
        sa.Column("last_posting_id", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("cancelled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_backfills_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_backfills")),
    )
    op.execute("ALTER TABLE backfills ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE backfills FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON backfills USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON backfills TO CURRENT_USER USING (true) WITH CHECK (true)")
