"""proposals in full: versions, sections, discounts, extras, milestones, change orders, signatures, price parts

Every part of a price is a row of `payments`: an approved proposal whose deposit stands there gets the rest as
its final balance.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "008"
down_revision = "007"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
JSONB = postgresql.JSONB(astext_type=sa.Text())
STATUSES = "'draft', 'sent', 'viewed', 'approved', 'declined', 'expired', 'superseded', 'cancelled'"
BY_ORG = ("milestones", "change_orders", "refund_orders")


def upgrade() -> None:
    for column in (
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
        sa.Column("selected_line_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("changes_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("cancelled_at", MOMENT, nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("cancelled_by", sa.Text(), nullable=True),
    ):
        op.add_column("proposals", column)
    op.drop_constraint(op.f("ck_proposals_status"), "proposals")
    op.create_check_constraint(op.f("ck_proposals_status"), "proposals", f"status IN ({STATUSES})")
    op.create_check_constraint(op.f("ck_proposals_language"), "proposals", "language IN ('en', 'es')")
    # A chain of replaced proposals becomes one number with versions.
    op.execute(
        """
        WITH RECURSIVE chain AS (
          SELECT p.org_id, p.id, p.id AS number, 1 AS version, p.superseded_by FROM proposals p
          WHERE NOT EXISTS (SELECT 1 FROM proposals o WHERE o.org_id = p.org_id AND o.superseded_by = p.id)
          UNION ALL
          SELECT n.org_id, n.id, c.number, c.version + 1, n.superseded_by FROM chain c
          JOIN proposals n ON n.org_id = c.org_id AND n.id = c.superseded_by
        )
        UPDATE proposals p SET number = c.number, version = c.version FROM chain c
        WHERE p.org_id = c.org_id AND p.id = c.id
        """
    )
    op.create_unique_constraint(
        op.f("uq_proposals_org_id_number_version"), "proposals", ["org_id", "number", "version"]
    )
    op.create_index("ix_proposals_org_id_customer_id", "proposals", ["org_id", "customer_id"])

    for column in (
        sa.Column("section", sa.Text(), server_default="", nullable=False),
        sa.Column("discount_percent", sa.Numeric(6, 3), server_default="0", nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("optional", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("preselected", sa.Boolean(), server_default="false", nullable=False),
    ):
        op.add_column("line_items", column)

    op.create_table(
        "milestones",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("percent", sa.Numeric(6, 3), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(percent IS NULL) <> (amount_minor IS NULL)", name=op.f("ck_milestones_one_rule")
        ),
        sa.CheckConstraint(
            "percent IS NULL OR (percent > 0 AND percent <= 100)", name=op.f("ck_milestones_percent")
        ),
        sa.CheckConstraint(
            "amount_minor IS NULL OR amount_minor > 0", name=op.f("ck_milestones_amount_minor")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_milestones_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_milestones")),
        sa.UniqueConstraint(
            "org_id", "proposal_id", "position", name=op.f("uq_milestones_org_id_proposal_id_position")
        ),
    )
    op.create_table(
        "change_orders",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("lines", JSONB, server_default="[]", nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('draft','sent','approved','declined','withdrawn')", name=op.f("ck_change_orders_state")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_change_orders_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_change_orders")),
        sa.UniqueConstraint(
            "org_id", "proposal_id", "position", name=op.f("uq_change_orders_org_id_proposal_id_position")
        ),
    )

    for column in (
        sa.Column("change_order_id", sa.Integer(), nullable=True),
        sa.Column("line_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("signature_kind", sa.Text(), server_default="typed", nullable=False),
        sa.Column("signature_path", sa.Text(), nullable=True),
        sa.Column("consent", sa.Text(), server_default="", nullable=False),
        sa.Column("language", sa.Text(), server_default="en", nullable=False),
    ):
        op.add_column("approvals", column)
    op.drop_constraint(op.f("uq_approvals_org_id_proposal_id"), "approvals")
    op.create_check_constraint(
        op.f("ck_approvals_signature_kind"), "approvals", "signature_kind IN ('typed','drawn')"
    )
    op.create_foreign_key(
        op.f("fk_approvals_org_id_change_order_id"),
        "approvals",
        "change_orders",
        ["org_id", "change_order_id"],
        ["org_id", "id"],
    )
    op.create_index(
        "uq_approvals_proposal",
        "approvals",
        ["org_id", "proposal_id"],
        unique=True,
        postgresql_where="change_order_id IS NULL",
    )
    op.create_index(
        "uq_approvals_change_order",
        "approvals",
        ["org_id", "change_order_id"],
        unique=True,
        postgresql_where="change_order_id IS NOT NULL",
    )

    for column in (
        sa.Column("name", sa.Text(), server_default="Deposit", nullable=False),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", MOMENT, nullable=True),
    ):
        op.add_column("payments", column)
    op.drop_constraint(op.f("ck_payments_part"), "payments")
    op.create_check_constraint(
        op.f("ck_payments_part"), "payments", "part ~ '^(deposit|final|(milestone|change):[0-9]+)$'"
    )
    op.drop_constraint(op.f("ck_payments_state"), "payments")
    op.create_check_constraint(
        op.f("ck_payments_state"),
        "payments",
        "state IN ('planned','due','processing','paid','failed','void')",
    )
    op.execute("UPDATE payments SET due_at = created_at")
    op.execute(
        "INSERT INTO payments (org_id, proposal_id, part, name, position, amount_minor, currency, state, "
        "stripe_account) "
        "SELECT p.org_id, p.proposal_id, 'final', 'Final balance', 1, r.total_minor - p.amount_minor, p.currency, "
        "'planned', p.stripe_account FROM payments p "
        "JOIN proposals r ON r.org_id = p.org_id AND r.id = p.proposal_id "
        "WHERE r.approved_at IS NOT NULL AND p.part = 'deposit' AND r.total_minor > p.amount_minor"
    )

    op.create_table(
        "refund_orders",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('prepared','sent','refused')", name=op.f("ck_refund_orders_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_orders_amount_minor")),
        sa.ForeignKeyConstraint(
            ["org_id", "payment_id"],
            ["payments.org_id", "payments.id"],
            name=op.f("fk_refund_orders_org_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_refund_orders_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_refund_orders")),
    )
    op.create_index("ix_refund_orders_org_id_payment_id", "refund_orders", ["org_id", "payment_id"])
    op.create_index(
        "ix_refund_orders_prepared", "refund_orders", ["created_at"], postgresql_where="state = 'prepared'"
    )
    for table in BY_ORG:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            f"WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")

    # What was sent is never changed, whatever a program does: a new version is a new proposal.
    op.execute(
        """
        CREATE FUNCTION crm_refuse_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE row record := coalesce(OLD, NEW);
        BEGIN
          IF EXISTS (SELECT 1 FROM proposals p WHERE p.org_id = row.org_id AND p.id = row.proposal_id
                     AND p.status <> 'draft') THEN
            RAISE EXCEPTION 'proposal % was sent; its % cannot be changed', row.proposal_id, TG_TABLE_NAME
              USING ERRCODE = '42501';
          END IF;
          RETURN coalesce(NEW, OLD);
        END $$
        """
    )
    for table in ("line_items", "proposal_options", "milestones"):
        op.execute(
            f"CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION crm_refuse_frozen()"
        )
