"""books"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "qbo_error_counts",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("op", sa.Text(), nullable=False),
        sa.Column("errors", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_error_counts_org_id")),
        sa.PrimaryKeyConstraint("org_id", "op", name=op.f("pk_qbo_error_counts")),
    )
    op.create_table(
        "qbo_lanes",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column(
            "next_call_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("paused_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("paused_why", sa.Text(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_lanes_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_qbo_lanes")),
    )
    op.create_table(
        "qbo_links",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("local_kind", sa.Text(), nullable=False),
        sa.Column("local_id", sa.Text(), nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=False),
        sa.Column("sync_token", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_links_org_id")),
        sa.PrimaryKeyConstraint(
            "org_id", "realm_id", "entity", "local_kind", "local_id", name=op.f("pk_qbo_links")
        ),
        sa.UniqueConstraint(
            "org_id",
            "realm_id",
            "entity",
            "qbo_id",
            "local_kind",
            "local_id",
            name=op.f("uq_qbo_links_org_id_realm_id_entity_qbo_id_local_kind_local_id"),
        ),
    )
    op.create_table(
        "qbo_requests",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("requestid", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="prepared", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=True),
        sa.Column("fault", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("intuit_tid", sa.Text(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("answered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('prepared','sent','succeeded','refused')", name=op.f("ck_qbo_requests_state")
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_requests_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_qbo_requests")),
        sa.UniqueConstraint(
            "org_id",
            "realm_id",
            "operation",
            "subject",
            "generation",
            name=op.f("uq_qbo_requests_org_id_realm_id_operation_subject_generation"),
        ),
        sa.UniqueConstraint("requestid", name=op.f("uq_qbo_requests_requestid")),
    )
    op.create_index("ix_qbo_requests_org_id_id", "qbo_requests", ["org_id", "id"], unique=False)
    op.create_table(
        "qbo_usage",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("metered", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_usage_org_id")),
        sa.PrimaryKeyConstraint("org_id", "day", "operation", name=op.f("pk_qbo_usage")),
    )
    op.create_table(
        "postings",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease", sa.Text(), nullable=True),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("problem_code", sa.Text(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("intuit_tid", sa.Text(), nullable=True),
        sa.Column(
            "created_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("posted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting','posted','needs_you')", name=op.f("ck_postings_state")),
        sa.ForeignKeyConstraint(
            ["org_id", "payment_id"],
            ["payments.org_id", "payments.id"],
            name=op.f("fk_postings_org_id_payment_id"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_postings_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_postings")),
        sa.UniqueConstraint("org_id", "payment_id", name=op.f("uq_postings_org_id_payment_id")),
    )
    op.create_index(
        "ix_postings_due", "postings", ["next_attempt_at"], unique=False, postgresql_where="state = 'waiting'"
    )
    op.create_index(
        "ix_postings_org_id_open",
        "postings",
        ["org_id", "id"],
        unique=False,
        postgresql_where="state <> 'posted'",
    )
