"""matching of customers with those in QuickBooks"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "029"
down_revision = "028"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "qbo_customers",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("job", sa.Boolean(), nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_customers_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "qbo_id", name=op.f("pk_qbo_customers")),
    )
    op.create_index("ix_qbo_customers_keys", "qbo_customers", ["keys"], postgresql_using="gin")
    op.create_table(
        "qbo_directories",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("known_until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_directories_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", name=op.f("pk_qbo_directories")),
    )
    op.create_table(
        "customer_matches",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("qbo_id", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('open','decided')", name=op.f("ck_customer_matches_state")),
        sa.CheckConstraint("decision IN ('link','new')", name=op.f("ck_customer_matches_decision")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_customer_matches_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["customers.org_id", "customers.id"],
            name=op.f("fk_customer_matches_org_id_customer_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "customer_id", name=op.f("pk_customer_matches")),
    )
    op.create_table(
        "matching_rules",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Text(), server_default="ask", nullable=False),
        sa.CheckConstraint("unsure IN ('ask','always_new')", name=op.f("ck_matching_rules_unsure")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_matching_rules_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_matching_rules")),
    )
    for table in ("qbo_customers", "qbo_directories", "customer_matches", "matching_rules"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
