"""refunds in the books"""

import sqlalchemy as sa
from alembic import op

revision = "014"
down_revision = "013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("postings", sa.Column("kind", sa.Text(), server_default="payment", nullable=False))
    op.add_column("postings", sa.Column("refund_id", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_postings_kind"), "postings", "kind IN ('payment','refund','refund_return')"
    )
    op.create_check_constraint(
        op.f("ck_postings_refund_id"), "postings", "(refund_id IS NULL) = (kind = 'payment')"
    )
    op.create_foreign_key(
        op.f("fk_postings_org_id_refund_id"),
        "postings",
        "refunds",
        ["org_id", "refund_id"],
        ["org_id", "refund_id"],
    )
    op.create_index(
        "uq_postings_payment",
        "postings",
        ["org_id", "payment_id"],
        unique=True,
        postgresql_where="kind = 'payment'",
    )
    op.drop_constraint(op.f("uq_postings_org_id_payment_id"), "postings")
    op.create_index(
        "uq_postings_refund",
        "postings",
        ["org_id", "refund_id", "kind"],
        unique=True,
        postgresql_where="refund_id IS NOT NULL",
    )
