"""what QuickBooks said has changed, how far we know, and how differences end"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "025"
down_revision = "024"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "qbo_changes",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("qbo_id", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("merged_into", sa.Text(), nullable=True),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_changes_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", "entity", "qbo_id", name=op.f("pk_qbo_changes")),
    )
    op.create_index("ix_qbo_changes_due", "qbo_changes", ["org_id", "due_at"])
    op.create_table(
        "qbo_watermarks",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("known_until", MOMENT, nullable=False),
        sa.Column("ran_at", MOMENT, nullable=False),
        sa.Column("compared_at", MOMENT, nullable=True),
        sa.Column("changed", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_qbo_watermarks_org_id")),
        sa.PrimaryKeyConstraint("org_id", "realm_id", name=op.f("pk_qbo_watermarks")),
    )
    op.add_column("differences", sa.Column("payment_id", sa.Integer(), nullable=True))
    op.add_column("differences", sa.Column("proposal_id", sa.Integer(), nullable=True))
    op.add_column("differences", sa.Column("resolution", sa.Text(), nullable=True))
    op.add_column("differences", sa.Column("undo", postgresql.JSONB(), nullable=True))
    op.create_index(
        "ix_differences_payment",
        "differences",
        ["org_id", "payment_id"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    for table in ("qbo_changes", "qbo_watermarks"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
