"""contract law: rules on deposits that a company has changed, and the right to cancel

What was sent before carried no notice of it, so it stays without.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "012"
down_revision = "011"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "own_deposit_rules",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(6, 3), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_by", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("mode IN ('warn','block','off')", name=op.f("ck_own_deposit_rules_mode")),
        sa.CheckConstraint("state ~ '^[A-Z]{2}$'", name=op.f("ck_own_deposit_rules_state")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_own_deposit_rules_org_id")),
        sa.PrimaryKeyConstraint("org_id", "state", name=op.f("pk_own_deposit_rules")),
    )
    op.execute("ALTER TABLE own_deposit_rules ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE own_deposit_rules FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON own_deposit_rules USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON own_deposit_rules TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.add_column("orgs", sa.Column("right_to_cancel", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("proposals", sa.Column("right_to_cancel", sa.Boolean(), nullable=True))
    op.add_column("proposals", sa.Column("cancel_until", MOMENT, nullable=True))
    op.execute("UPDATE proposals SET right_to_cancel = false WHERE status <> 'draft'")
