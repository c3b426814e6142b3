"""qbo tokens"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "oauth_states",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("nonce_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("used_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_oauth_states_org_id")),
        sa.PrimaryKeyConstraint("org_id", "nonce_hash", name=op.f("pk_oauth_states")),
    )
    op.create_table(
        "qbo_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.String(length=32), nullable=True),
        sa.Column("access_token", sa.Text(), nullable=True),
        sa.Column("refresh_token", sa.Text(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(), nullable=True),
        sa.Column("env", sa.String(length=16), server_default="sandbox", nullable=False),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
        ),
        sa.Column(
            "updated_at", postgresql.TIMESTAMP(), server_default=sa.text("CURRENT_TIMESTAMP"), nullable=False
        ),
        sa.Column("previous_refresh_token", sa.Text(), nullable=True),
        sa.Column("refreshed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("refresh_expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("hard_expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("disconnected_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("disconnected_why", sa.Text(), nullable=True),
        sa.Column("connected_by", sa.Integer(), nullable=True),
        sa.Column("company", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_tokens_org_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qbo_tokens")),
        sa.UniqueConstraint("org_id", name="uq_qbo_tokens_org"),
        sa.UniqueConstraint("realm_id", "env", name="uq_qbo_tokens_realm"),
    )
    op.create_index("ix_qbo_tokens_org_id", "qbo_tokens", ["org_id"], unique=False)
    op.create_index("ix_qbo_tokens_realm_id", "qbo_tokens", ["realm_id"], unique=False)
