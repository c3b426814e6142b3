"""the reads of all companies together are counted as they happen"""

import sqlalchemy as sa
from alembic import op

revision = "035"
down_revision = "034"
branch_labels = None
depends_on = None

SHARDS = 32  # so that companies which read at the same time rarely wait for one another's row


def upgrade() -> None:
    op.create_table(
        "qbo_reads_of_all",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("shard", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reads", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("month", "shard", name=op.f("pk_qbo_reads_of_all")),
    )
    # No company's own: the application's role reaches it through the two functions only.
    op.execute("ALTER TABLE qbo_reads_of_all ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE qbo_reads_of_all FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY owner ON qbo_reads_of_all TO CURRENT_USER USING (true) WITH CHECK (true)")
    op.execute(
        f"""
        CREATE FUNCTION crm_count_reads() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = public, pg_temp AS $$
        DECLARE
          row_ qbo_usage := coalesce(NEW, OLD);
          more bigint := coalesce(NEW.metered, 0) - coalesce(OLD.metered, 0);
        BEGIN
          INSERT INTO qbo_reads_of_all AS a (month, shard, reads)
          VALUES (date_trunc('month', row_.day), row_.org_id % {SHARDS}, more)
          ON CONFLICT (month, shard) DO UPDATE SET reads = a.reads + more;
          RETURN NULL;
        END $$
        """
    )
    # Writes are not metered and never come here.
    for what, when in (
        ("INSERT", "NEW.metered <> 0"),
        ("UPDATE OF metered", "NEW.metered <> OLD.metered"),
        ("DELETE", "OLD.metered <> 0"),
    ):
        op.execute(
            f"CREATE TRIGGER count_reads_on_{what.split()[0].lower()} AFTER {what} ON qbo_usage FOR EACH ROW "
            f"WHEN ({when}) EXECUTE FUNCTION crm_count_reads()"
        )
    # After the triggers, whose making waited for those who were writing: none is missed, none counted twice.
    op.execute(
        f"INSERT INTO qbo_reads_of_all (month, shard, reads) SELECT date_trunc('month', day), org_id % {SHARDS}, "
        "sum(metered) FROM qbo_usage GROUP BY 1, 2"
    )
    op.execute(
        "CREATE OR REPLACE FUNCTION crm_metered_reads(since date) RETURNS TABLE (reads bigint) LANGUAGE sql STABLE "
        "SECURITY DEFINER SET search_path = public, pg_temp AS "
        "$$ SELECT coalesce(sum(a.reads), 0)::bigint FROM qbo_reads_of_all a WHERE a.month >= since $$"
    )
