"""Stripe's balance transactions"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "020"
down_revision = "019"
branch_labels = None
depends_on = None

TIME = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "stripe_transactions",
        sa.Column("org_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("charge", sa.Text(), nullable=True),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("fees", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("exchange_rate", sa.Numeric(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("payout_id", sa.Text(), nullable=True),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("available_on", TIME, nullable=False),
        sa.Column("learned_at", TIME, server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("org_id", "transaction_id", name=op.f("pk_stripe_transactions")),
    )
    for columns in (
        ("org_id", "created_at"),
        ("org_id", "payout_id"),
        ("org_id", "source"),
        ("account", "created_at"),
    ):
        op.create_index(f"ix_stripe_transactions_{'_'.join(columns)}", "stripe_transactions", list(columns))
    op.create_table(
        "stripe_transaction_cursors",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("pulled_until", TIME, nullable=True),
        sa.Column("newest_seen", TIME, nullable=True),
        sa.Column("resume_after", sa.Text(), nullable=True),
        sa.Column("completed_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_stripe_transaction_cursors")),
    )
    op.add_column("payouts", sa.Column("stripe_account", sa.Text(), server_default="", nullable=False))
    op.add_column("payouts", sa.Column("itemised_at", TIME, nullable=True))
    op.execute("ALTER TABLE stripe_transactions ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE stripe_transactions FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON stripe_transactions USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON stripe_transactions TO CURRENT_USER USING (true) WITH CHECK (true)")
