"""mail: messages, templates, settings, suppressed addresses"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "013"
down_revision = "012"
branch_labels = None
depends_on = None

JSONB = postgresql.JSONB(astext_type=sa.Text())
MOMENT = postgresql.TIMESTAMP(timezone=True)
BY_ORG = ("mail_messages", "mail_templates", "mail_settings", "mail_suppressions")


def upgrade() -> None:
    op.create_table(
        "mail_messages",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("fact_id", sa.BigInteger(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("sealed", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=True),
        sa.Column("lease_until", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", MOMENT, nullable=True),
        sa.Column("dismissed_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "state IN ('kept', 'queued', 'sending', 'sent', 'failed', 'bounced', 'suppressed')",
            name=op.f("ck_mail_messages_state"),
        ),
        sa.CheckConstraint("audience IN ('customer','staff')", name=op.f("ck_mail_messages_audience")),
        sa.CheckConstraint("language IN ('en','es')", name=op.f("ck_mail_messages_language")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_mail_messages_org_id")),
        sa.ForeignKeyConstraint(
            ["org_id", "proposal_id"],
            ["proposals.org_id", "proposals.id"],
            name=op.f("fk_mail_messages_org_id_proposal_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_mail_messages")),
        sa.UniqueConstraint(
            "org_id",
            "kind",
            "fact_id",
            "recipient",
            name=op.f("uq_mail_messages_org_id_kind_fact_id_recipient"),
        ),
    )
    op.create_index("ix_mail_messages_org_id_proposal_id", "mail_messages", ["org_id", "proposal_id"])
    op.create_index("ix_mail_messages_org_id_recipient", "mail_messages", ["org_id", "recipient"])
    op.create_index("ix_mail_messages_message_id", "mail_messages", ["message_id"], unique=True)
    op.create_index(
        "ix_mail_messages_waiting",
        "mail_messages",
        ["next_attempt_at"],
        postgresql_where="state IN ('queued','sending')",
    )
    op.create_index(
        "ix_mail_messages_needs_you",
        "mail_messages",
        ["org_id", "id"],
        postgresql_where="state IN ('failed','bounced') AND dismissed_at IS NULL",
    )

    op.create_table(
        "mail_templates",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("language IN ('en','es')", name=op.f("ck_mail_templates_language")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_mail_templates_org_id")),
        sa.PrimaryKeyConstraint("org_id", "kind", "language", name=op.f("pk_mail_templates")),
    )
    op.create_table(
        "mail_settings",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("from_name", sa.Text(), nullable=True),
        sa.Column("notice_user_ids", JSONB, server_default="[]", nullable=False),
        sa.Column("reminder_days", sa.Integer(), server_default="3", nullable=False),
        sa.CheckConstraint("reminder_days BETWEEN 0 AND 60", name=op.f("ck_mail_settings_reminder_days")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_mail_settings_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_mail_settings")),
    )
    op.create_table(
        "mail_suppressions",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("scope IN ('all','reminders')", name=op.f("ck_mail_suppressions_scope")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_mail_suppressions_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_mail_suppressions")),
        sa.UniqueConstraint(
            "org_id", "address", "scope", name=op.f("uq_mail_suppressions_org_id_address_scope")
        ),
    )
    for table in BY_ORG:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            f"WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")

    # A returned mail names our Message-ID and nothing else: whose it is needs a look across orgs.
    op.execute(
        "CREATE FUNCTION crm_message_route(wanted text) RETURNS TABLE (org_id int, mail_id int) "
        "LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS "
        "$$ SELECT m.org_id, m.id FROM mail_messages m WHERE m.message_id = wanted $$"
    )
