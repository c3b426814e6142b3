"""inbox and payments"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "inbox_events",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("org_id", sa.Integer(), server_default="0", nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("event_key", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="received", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("waits_for", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("handled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("source IN ('stripe','quickbooks')", name=op.f("ck_inbox_events_source")),
        sa.CheckConstraint(
            "state IN ('received','done','kept','difference','failed')", name=op.f("ck_inbox_events_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox_events")),
        sa.UniqueConstraint(
            "source", "account", "event_key", name=op.f("uq_inbox_events_source_account_event_key")
        ),
    )
    op.create_index(
        "ix_inbox_events_waits_for",
        "inbox_events",
        ["waits_for"],
        unique=False,
        postgresql_where="waits_for IS NOT NULL",
    )
    op.create_index(
        "ix_inbox_events_open",
        "inbox_events",
        ["received_at"],
        unique=False,
        postgresql_where="state IN ('received','failed')",
    )
    op.create_table(
        "stripe_cursors",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("swept_until", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_stripe_cursors")),
    )
    op.create_table(
        "differences",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("resolved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_differences_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_differences")),
        sa.UniqueConstraint("org_id", "kind", "subject", name=op.f("uq_differences_org_id_kind_subject")),
    )
    op.create_index(
        "ix_differences_open",
        "differences",
        ["org_id", "id"],
        unique=False,
        postgresql_where="resolved_at IS NULL",
    )
    op.create_table(
        "payouts",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("payout_id", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("reconciliation_status", sa.Text(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("arrival_date", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_payouts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "payout_id", name=op.f("pk_payouts")),
    )
    op.create_table(
        "payments",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.Text(), server_default="deposit", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="due", nullable=False),
        sa.Column("simulated", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("stripe_account", sa.Text(), server_default="", nullable=False),
        sa.Column("stripe_session_id", sa.Text(), nullable=True),
        sa.Column("stripe_payment_intent", sa.Text(), nullable=True),
        sa.Column("stripe_charge", sa.Text(), nullable=True),
        sa.Column("paid_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("net_minor", sa.BigInteger(), nullable=True),
        sa.Column("balance_transaction", sa.Text(), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("disputed", sa.Boolean(), server_default="false", nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("part IN ('deposit')", name=op.f("ck_payments_part")),
        sa.CheckConstraint("state IN ('due','processing','paid','failed')", name=op.f("ck_payments_state")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_amount_minor")),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_payments_org_id_proposal_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_payments_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_payments")),
        sa.UniqueConstraint(
            "org_id", "proposal_id", "part", name=op.f("uq_payments_org_id_proposal_id_part")
        ),
    )
    op.create_index(
        "ix_payments_org_id_paid_at",
        "payments",
        ["org_id", "paid_at"],
        unique=False,
        postgresql_where="paid_at IS NOT NULL",
    )
    op.create_index("ix_payments_stripe_charge", "payments", ["stripe_charge"], unique=False)
    op.create_index("ix_payments_stripe_payment_intent", "payments", ["stripe_payment_intent"], unique=False)
    op.create_table(
        "checkout_sessions",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="creating", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("dev_mode", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "state IN ('creating','open','expired','processing','failed','paid')",
            name=op.f("ck_checkout_sessions_state"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "payment_id"],
            ["payments.org_id", "payments.id"],
            name=op.f("fk_checkout_sessions_org_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_checkout_sessions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_checkout_sessions")),
        sa.UniqueConstraint(
            "org_id", "payment_id", "attempt", name=op.f("uq_checkout_sessions_org_id_payment_id_attempt")
        ),
        sa.UniqueConstraint("session_id", name=op.f("uq_checkout_sessions_session_id")),
    )
    op.create_index(
        "uq_checkout_sessions_open",
        "checkout_sessions",
        ["org_id", "payment_id"],
        unique=True,
        postgresql_where="state IN ('creating','open')",
    )
    op.create_table(
        "disputes",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("dispute_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("net_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "payment_id"],
            ["payments.org_id", "payments.id"],
            name=op.f("fk_disputes_org_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_disputes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "dispute_id", name=op.f("pk_disputes")),
    )
    op.create_table(
        "refunds",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("failure_reason", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "status IN ('pending','requires_action','succeeded','canceled','failed')",
            name=op.f("ck_refunds_status"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "payment_id"],
            ["payments.org_id", "payments.id"],
            name=op.f("fk_refunds_org_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_refunds_org_id")),
        sa.PrimaryKeyConstraint("org_id", "refund_id", name=op.f("pk_refunds")),
    )
