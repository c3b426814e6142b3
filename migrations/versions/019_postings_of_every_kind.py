"""postings of every kind: each names what it stands for, with its amount"""

import sqlalchemy as sa
from alembic import op

revision = "019"
down_revision = "018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("postings", sa.Column("subject", sa.Text(), nullable=True))
    op.add_column("postings", sa.Column("proposal_id", sa.Integer(), nullable=True))
    op.add_column("postings", sa.Column("amount_minor", sa.BigInteger(), nullable=True))
    op.add_column("postings", sa.Column("currency", sa.Text(), nullable=True))
    op.execute(
        "UPDATE postings x SET subject = coalesce('refund:' || x.refund_id, 'payment:' || x.payment_id), "
        "proposal_id = p.proposal_id, currency = p.currency, amount_minor = coalesce((SELECT r.amount_minor "
        "FROM refunds r WHERE r.org_id = x.org_id AND r.refund_id = x.refund_id), p.amount_minor) "
        "FROM payments p WHERE p.org_id = x.org_id AND p.id = x.payment_id"
    )
    for column in ("subject", "amount_minor", "currency"):
        op.alter_column("postings", column, nullable=False)
    op.alter_column("postings", "kind", server_default=None)
    op.alter_column("postings", "payment_id", nullable=True)
    op.drop_constraint(op.f("ck_postings_kind"), "postings")
    op.drop_constraint(op.f("ck_postings_refund_id"), "postings")
    op.drop_index("uq_postings_payment", "postings")
    op.drop_index("uq_postings_refund", "postings")
    op.drop_constraint(op.f("fk_postings_org_id_refund_id"), "postings")
    op.drop_column("postings", "refund_id")
    op.create_check_constraint(op.f("ck_postings_kind"), "postings", "kind ~ '^[a-z_]+$'")
    op.create_check_constraint(op.f("ck_postings_subject"), "postings", "subject ~ '^[a-z_]+:.+$'")
    op.create_foreign_key(
        op.f("fk_postings_org_id_proposal_id"),
        "postings",
        "proposals",
        ["org_id", "proposal_id"],
        ["org_id", "id"],
    )
    op.create_unique_constraint(
        op.f("uq_postings_org_id_kind_subject"), "postings", ["org_id", "kind", "subject"]
    )
    op.create_index("ix_postings_org_id_payment_id", "postings", ["org_id", "payment_id"])
    op.create_index("ix_postings_org_id_proposal_id", "postings", ["org_id", "proposal_id"])
