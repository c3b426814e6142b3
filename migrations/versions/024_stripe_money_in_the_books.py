"""fees, payouts and disputes in the books"""

import sqlalchemy as sa
from alembic import op

revision = "024"
down_revision = "023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stripe_transactions", sa.Column("fee_group", sa.Text(), nullable=True))
    op.execute("UPDATE stripe_transactions SET fee_group = transaction_id WHERE fee_minor <> 0")
    op.create_index(
        "ix_stripe_transactions_org_id_learned_at", "stripe_transactions", ["org_id", "learned_at"]
    )
    op.create_index("ix_stripe_transactions_org_id_fee_group", "stripe_transactions", ["org_id", "fee_group"])
    op.create_index(
        "ix_stripe_transactions_ungrouped",
        "stripe_transactions",
        ["org_id"],
        postgresql_where="fee_group IS NULL AND fee_minor <> 0",
    )
    op.add_column("orgs", sa.Column("fee_documents", sa.Text(), server_default="per_payment", nullable=False))
    op.create_check_constraint(
        op.f("ck_orgs_fee_documents"), "orgs", "fee_documents IN ('per_payment','per_day')"
    )
