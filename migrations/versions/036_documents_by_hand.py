"""which documents on the clearing account somebody entered by hand, and which movements of Stripe's they stand for"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "036"
down_revision = "035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clearing_by_hand",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("realm_id", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("movements", sa.Integer(), nullable=False),
        sa.Column("everything_before", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("matched_by", sa.Text(), nullable=False),
        sa.Column(
            "matched_at", postgresql.TIMESTAMP(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_clearing_by_hand_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_clearing_by_hand")),
    )
    op.create_index(
        "uq_clearing_by_hand_document", "clearing_by_hand", ["org_id", "realm_id", "document"], unique=True
    )
    op.create_index(
        "uq_clearing_by_hand_before",
        "clearing_by_hand",
        ["org_id", "realm_id", "currency"],
        unique=True,
        postgresql_where=sa.text("everything_before"),
    )
    op.create_table(
        "clearing_by_hand_movements",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("by_hand_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_clearing_by_hand_movements_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "by_hand_id"],
            ["clearing_by_hand.org_id", "clearing_by_hand.id"],
            name=op.f("fk_clearing_by_hand_movements_org_id_by_hand_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("org_id", "kind", "subject", name=op.f("pk_clearing_by_hand_movements")),
    )
    for table in ("clearing_by_hand", "clearing_by_hand_movements"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
