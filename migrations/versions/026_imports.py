"""imports of CSV files, and what each made"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "026"
down_revision = "025"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)
COUNTS = ("rows_done", "created_count", "skipped_count", "failed_count", "kept_count")


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="uploaded", nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("mapping", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("duplicates", sa.Text(), server_default="skip", nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), server_default="0", nullable=False) for name in COUNTS),
        sa.Column("problems", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.CheckConstraint("kind IN ('customers','leads','price_items')", name=op.f("ck_imports_kind")),
        sa.CheckConstraint("state IN ('uploaded','running','done','undone')", name=op.f("ck_imports_state")),
        sa.ForeignKeyConstraint(["org_id"], ["orgs.id"], name=op.f("fk_imports_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_imports")),
    )
    op.create_table(
        "imported_rows",
        sa.Column("org_id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["org_id", "import_id"],
            ["imports.org_id", "imports.id"],
            name=op.f("fk_imported_rows_org_id_import_id"),
        ),
        sa.PrimaryKeyConstraint("org_id", "import_id", "row", name=op.f("pk_imported_rows")),
    )
    op.create_index(
        op.f("ix_imported_rows_org_id_import_id_record_id"),
        "imported_rows",
        ["org_id", "import_id", "record_id"],
    )
    for table in ("imports", "imported_rows"):
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} USING (org_id = ANY ((SELECT crm_orgs())::int[])) "
            "WITH CHECK (org_id = ANY ((SELECT crm_orgs())::int[]))"
        )
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
