"""leads from a company's website, spam and duplicates told apart"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "022"
down_revision = "021"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
STATUSES = "('new','contacted','qualified','converted','lost','spam','duplicate')"

# Who is the same person is compared by these; they are equal or not, so row-level security lets an index be used.
EMAIL_KEY = "lower(email)"
PHONE_KEY = "nullif(right(regexp_replace(phone, '[^0-9]', '', 'g'), 10), '')"
ADDRESS_KEY = (
    "nullif(lower(regexp_replace((site_address ->> 'line1') || ' ' || coalesce(nullif(site_address ->> "
    "'postal_code', ''), site_address ->> 'city', ''), '[^[:alnum:]]+', '', 'g')), '')"
)


def upgrade() -> None:
    for table in ("customers", "leads"):
        for name, sql in (("email_key", EMAIL_KEY), ("phone_key", PHONE_KEY), ("address_key", ADDRESS_KEY)):
            op.add_column(table, sa.Column(name, sa.Text(), sa.Computed(sql, persisted=True), nullable=True))
            op.create_index(op.f(f"ix_{table}_org_id_{name}"), table, ["org_id", name])
    op.drop_index("ix_customers_org_id_email", "customers")
    op.drop_constraint(op.f("ck_leads_status"), "leads", type_="check")
    op.create_check_constraint(op.f("ck_leads_status"), "leads", f"status IN {STATUSES}")
    op.add_column("leads", sa.Column("spam_reason", sa.Text(), nullable=True))
    op.add_column("leads", sa.Column("caught_as_spam", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("leads", sa.Column("duplicate_of", sa.Integer(), nullable=True))
    op.add_column("leads", sa.Column("converted_at", MOMENT, nullable=True))
    op.execute("UPDATE leads SET converted_at = updated_at WHERE customer_id IS NOT NULL")
    op.create_foreign_key(
        op.f("fk_leads_org_id_duplicate_of"),
        "leads",
        "leads",
        ["org_id", "duplicate_of"],
        ["org_id", "id"],
    )
    op.create_index("ix_leads_org_id_status_id", "leads", ["org_id", "status", "id"])
    op.create_index(
        "ix_leads_real", "leads", ["org_id", "id"], postgresql_where="status NOT IN ('spam','duplicate')"
    )
    op.create_index("ix_leads_org_id_customer_id", "leads", ["org_id", "customer_id"])
    op.create_table(
        "lead_forms",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("heading", sa.Text(), server_default="", nullable=False),
        sa.Column("thanks", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_lead_forms_org_id")),
        sa.PrimaryKeyConstraint("org_id", name=op.f("pk_lead_forms")),
        sa.UniqueConstraint("public_key", name=op.f("uq_lead_forms_public_key")),
    )
    op.create_table(
        "lead_others",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("lead_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("kind IN ('lead','customer')", name=op.f("ck_lead_others_kind")),
        sa.ForeignKeyConstraint(
            ["org_id", "lead_id"], ["leads.org_id", "leads.id"], name=op.f("fk_lead_others_org_id_lead_id")
        ),
        sa.PrimaryKeyConstraint("org_id", "lead_id", "kind", "other_id", name=op.f("pk_lead_others")),
    )
    for table in ("lead_forms", "lead_others"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(
        "CREATE FUNCTION crm_lead_form_route(wanted text) RETURNS TABLE (org_id int) LANGUAGE sql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp AS "
        "$$ SELECT f.org_id FROM lead_forms f WHERE f.public_key = wanted AND f.active $$"
    )
