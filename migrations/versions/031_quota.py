"""budgets of metered reads, and what all companies together used"""

import sqlalchemy as sa
from alembic import op

revision = "031"
down_revision = "030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "qbo_budgets",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("reads", sa.Integer(), nullable=True),
        sa.Column("alarmed_month", sa.Date(), nullable=True),
        sa.Column("alarmed_percent", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_budgets_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_qbo_budgets")),
    )
    op.execute("ALTER TABLE qbo_budgets ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE qbo_budgets FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON qbo_budgets USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON qbo_budgets TO CURRENT_USER USING (true) WITH CHECK (true)")
    # Intuit counts over all companies of the app: one sum, and nothing of whose it is.
    op.execute(
        "CREATE FUNCTION crm_metered_reads(since date) RETURNS TABLE (reads bigint) LANGUAGE sql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp AS "
        "$$ SELECT coalesce(sum(u.metered), 0)::bigint FROM qbo_usage u WHERE u.day >= since $$"
    )
