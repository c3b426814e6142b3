"""what stands in QuickBooks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "018"
down_revision = "017"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "qbo_mirror",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="live", nullable=False),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("sync_token", sa.Text(), nullable=True),
        sa.Column("last_updated", MOMENT, nullable=True),
        sa.Column("heard_until", MOMENT, nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=True),
        sa.Column("balance_minor", sa.BigInteger(), nullable=True),
        sa.Column("unapplied_minor", sa.BigInteger(), nullable=True),
        sa.Column("txn_date", sa.Date(), nullable=True),
        sa.Column("customer_qbo_id", sa.Text(), nullable=True),
        sa.Column("doc_number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("followed", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("learned_from", sa.Text(), nullable=False),
        sa.Column("learned_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('live','inactive','voided','deleted','merged')", name=op.f("ck_qbo_mirror_status")
        ),
        sa.CheckConstraint(
            "learned_from IN ('write','webhook','cdc','query')", name=op.f("ck_qbo_mirror_learned_from")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_mirror_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "entity", "qbo_id", name=op.f("pk_qbo_mirror")),
    )
    op.create_index("ix_qbo_mirror_txn_date", "qbo_mirror", ["org_id", "realm_id", "entity", "txn_date"])
    op.execute("ALTER TABLE qbo_mirror ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE qbo_mirror FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON qbo_mirror USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON qbo_mirror TO CURRENT_USER USING (true) WITH CHECK (true)")
