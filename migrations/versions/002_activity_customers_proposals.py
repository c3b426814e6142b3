"""activity customers proposals"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "002"
down_revision = "001"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "activity_heads",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_activity_heads_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_activity_heads")),
    )
    op.create_table(
        "customers",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("billing_address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("site_address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_customers_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_customers")),
    )
    op.create_index(
        "ix_customers_org_id_email",
        "customers",
        ["org_id", sa.literal_column("lower(email)")],
        unique=False,
    )
    op.create_table(
        "portal_activity_log",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("meta", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_portal_activity_log_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_portal_activity_log")),
        sa.UniqueConstraint("org_id", "seq", name=op.f("uq_portal_activity_log_org_id_seq")),
    )
    op.create_index(
        "ix_portal_activity_log_org_id_proposal_id_id",
        "portal_activity_log",
        ["org_id", "proposal_id", "id"],
        unique=False,
    )
    op.create_table(
        "leads",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("site_address", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint(
            "status IN ('new','contacted','qualified','converted','lost')", name=op.f("ck_leads_status")
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["customers.org_id", "customers.id"],
            name=op.f("fk_leads_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_leads_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_leads")),
    )
    op.create_table(
        "proposals",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("introduction", sa.Text(), server_default="", nullable=False),
        sa.Column("terms", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("deposit_percent", sa.Integer(), nullable=True),
        sa.Column("deposit_minor", sa.BigInteger(), nullable=True),
        sa.Column("selected_option_id", sa.Integer(), nullable=True),
        sa.Column("subtotal_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("total_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.Integer(), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("viewed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("approved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("declined_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'viewed', 'approved', 'declined', 'expired', 'superseded')",
            name=op.f("ck_proposals_status"),
        ),
        sa.CheckConstraint(
            "deposit_minor IS NULL OR deposit_minor > 0", name=op.f("ck_proposals_deposit_minor")
        ),
        sa.CheckConstraint(
            "deposit_percent IS NULL OR deposit_percent BETWEEN 1 AND 100",
            name=op.f("ck_proposals_deposit_percent"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "customer_id"],
            ["customers.org_id", "customers.id"],
            name=op.f("fk_proposals_org_id_customer_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_proposals_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_proposals")),
    )
    op.create_index("ix_proposals_org_id_status", "proposals", ["org_id", "status"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("option_id", sa.Integer(), nullable=True),
        sa.Column("signer_name", sa.Text(), nullable=False),
        sa.Column("approved_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ip", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_approvals_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_approvals")),
        sa.UniqueConstraint("org_id", "proposal_id", name=op.f("uq_approvals_org_id_proposal_id")),
    )
    op.create_table(
        "portal_links",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("revoked_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_portal_links_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_portal_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_portal_links_token_hash")),
    )
    op.create_index(
        "ix_portal_links_org_id_proposal_id", "portal_links", ["org_id", "proposal_id"], unique=False
    )
    op.create_table(
        "proposal_options",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_proposal_options_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_proposal_options")),
        sa.UniqueConstraint(
            "org_id", "proposal_id", "position", name=op.f("uq_proposal_options_org_id_proposal_id_position")
        ),
    )
    op.create_table(
        "line_items",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("option_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("unit", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_price_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.Numeric(precision=6, scale=3), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "option_id"],
            ["proposal_options.org_id", "proposal_options.id"],
            name=op.f("fk_line_items_org_id_option_id"),
        ),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_line_items_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_line_items")),
    )
    op.create_index("ix_line_items_org_id_proposal_id", "line_items", ["org_id", "proposal_id"], unique=False)
