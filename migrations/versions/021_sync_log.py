"""sync log"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "021"
down_revision = "020"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "qbo_calls",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=True),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), server_default="", nullable=False),
        sa.Column("request", sa.Text(), server_default="", nullable=False),
        sa.Column("requestid", sa.Text(), nullable=True),
        sa.Column("metered", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("answer", sa.Text(), server_default="", nullable=False),
        sa.Column("intuit_tid", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "outcome IN ('ok', 'refused', 'unavailable', 'disconnected', 'renewed')",
            name=op.f("ck_qbo_calls_outcome"),
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_calls_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_qbo_calls")),
    )
    op.create_index("ix_qbo_calls_org_id_subject", "qbo_calls", ["org_id", "subject", "id"])
    op.create_index("ix_qbo_calls_org_id_requestid", "qbo_calls", ["org_id", "requestid"])
    op.create_index(
        "ix_qbo_calls_org_id_failed",
        "qbo_calls",
        ["org_id", "id"],
        postgresql_where=sa.text("outcome <> 'ok'"),
    )
    op.create_index("ix_qbo_calls_org_id_at", "qbo_calls", ["org_id", "at"])
    op.execute("ALTER TABLE qbo_calls ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE qbo_calls FORCE ROW LEVEL SECURITY")
    op.execute(
        "CREATE POLICY tenant ON qbo_calls USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
        "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
    )
    op.execute("CREATE POLICY owner ON qbo_calls TO CURRENT_USER USING (true) WITH CHECK (true)")
