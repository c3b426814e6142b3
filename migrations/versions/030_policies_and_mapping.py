"""policies on deposits, the contracts that follow them, and what is mapped to what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "030"
down_revision = "029"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
POLICY = "policy IN ('liability', 'income', 'whole')"


def upgrade() -> None:
    op.create_table(
        "books_settings",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), server_default="income", nullable=False),
        sa.Column("attach_contract", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("send_estimates", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(POLICY, name=op.f("ck_books_settings_policy")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_books_settings_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_books_settings")),
    )
    op.create_table(
        "books_contracts",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("deposit_item", sa.Text(), nullable=True),
        sa.Column("in_parts", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(POLICY, name=op.f("ck_books_contracts_policy")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_books_contracts_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_books_contracts_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "proposal_id", name=op.f("pk_books_contracts")),
    )
    op.create_table(
        "books_mapping",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_books_mapping_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "slot", "key", name=op.f("pk_books_mapping")),
    )
    op.create_table(
        "books_lists",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("objects", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("read_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_books_lists_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "entity", name=op.f("pk_books_lists")),
    )
    for table in ("books_settings", "books_contracts", "books_mapping", "books_lists"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            f"WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.add_column("postings", sa.Column("form", sa.Text(), nullable=True))
    op.add_column("postings", sa.Column("deposit_minor", sa.BigInteger(), nullable=True))
    # What was booked, or begun, before there were policies was a deposit to income, its refund out of that.
    op.execute(
        "UPDATE postings SET form = 'deposit', deposit_minor = CASE kind WHEN 'refund' THEN -amount_minor "
        "ELSE amount_minor END WHERE kind IN ('payment', 'refund', 'refund_return') "
        "AND (attempts > 0 OR state = 'posted')"
    )
    # A contract whose parts all have invoices already needs no other one.
    op.execute(
        "INSERT INTO books_contracts (org_id, proposal_id, policy, in_parts) SELECT x.org_id, x.proposal_id, 'income', "
        "NOT EXISTS (SELECT 1 FROM payments p WHERE p.org_id = x.org_id AND p.proposal_id = x.proposal_id "
        "AND p.state <> 'void' AND p.paid_at IS NULL) "
        "FROM postings x WHERE x.kind = 'payment' AND x.form = 'deposit' GROUP BY 1, 2"
    )
