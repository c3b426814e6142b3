"""exchange rates as they were read, and a sub-customer per job as a choice"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "034"
down_revision = "033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "exchange_rates",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=False),
        sa.Column(
            "read_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("rate > 0", name=op.f("ck_exchange_rates_rate")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_exchange_rates_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "currency", "day", name=op.f("pk_exchange_rates")),
    )
    op.execute("ALTER TABLE exchange_rates ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE exchange_rates FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON exchange_rates USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON exchange_rates TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.add_column(
        "books_settings", sa.Column("job_customers", sa.Boolean(), server_default="false", nullable=False)
    )
    op.add_column("books_contracts", sa.Column("per_job", sa.Boolean(), nullable=True))
    # What has begun stays with the customer that it began with.
    op.execute(
        "UPDATE books_contracts c SET per_job = false WHERE EXISTS (SELECT 1 FROM postings x "
        "WHERE x.org_id = c.org_id AND x.proposal_id = c.proposal_id AND (x.attempts > 0 OR x.state = 'posted'))"
    )
