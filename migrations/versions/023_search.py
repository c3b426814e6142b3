"""one search over everything, and lists that stay fast: trigram indexes behind one function, and what lists sort by

`LIKE` is not leakproof, so under row-level security PostgreSQL uses no index for it. `crm_find` therefore runs with
the owner's rights, answers with ids only, and only for an org that the transaction may see anyway.
"""

import sqlalchemy as sa
from alembic import op

revision = "023"
down_revision = "022"
branch_labels = None
depends_on = None

_ADDRESS = "coalesce(site_address ->> 'line1', '') || ' ' || coalesce(site_address ->> 'city', '')"
_DIGITS = "regexp_replace(coalesce(phone, ''), '[^0-9]', '', 'g')"
# Each begins with a blank, so that the first word too is found by its beginning.
SEARCH_TEXT = {
    "customers": f"lower(' ' || name || ' ' || coalesce(company, '') || ' ' || coalesce(email, '') || ' ' || "
    f"coalesce(phone, '') || ' ' || {_DIGITS} || ' ' || {_ADDRESS})",
    "leads": f"lower(' ' || name || ' ' || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || "
    f"{_DIGITS} || ' ' || coalesce(source, '') || ' ' || {_ADDRESS})",
    "proposals": "lower(' ' || id || ' ' || title)",
    "mail_messages": "lower(' ' || subject || ' ' || recipient)",
    "files": "lower(' ' || name)",
}


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gin")
    for table, sql in SEARCH_TEXT.items():
        op.add_column(
            table, sa.Column("search_text", sa.Text(), sa.Computed(sql, persisted=True), nullable=True)
        )
        op.create_index(
            f"ix_{table}_search",
            table,
            ["org_id", "search_text"],
            postgresql_using="gin",
            postgresql_ops={"search_text": "gin_trgm_ops"},
        )
    op.drop_index("ix_proposals_org_id_status", "proposals")
    op.create_index("ix_proposals_org_id_status_id", "proposals", ["org_id", "status", "id"])
    op.drop_index("ix_proposals_org_id_customer_id", "proposals")
    op.create_index("ix_proposals_org_id_customer_id_id", "proposals", ["org_id", "customer_id", "id"])
    op.create_index("ix_payments_org_id_state_id", "payments", ["org_id", "state", "id"])
    op.create_index("ix_payments_org_id_amount_minor", "payments", ["org_id", "amount_minor"])
    op.create_index("ix_mail_messages_org_id_state_id", "mail_messages", ["org_id", "state", "id"])
    op.create_index(
        "ix_portal_activity_log_org_id_event_seq", "portal_activity_log", ["org_id", "event", "seq"]
    )
    op.execute(_FIND)


# Words are joined into the statement by format's %L, which quotes; each run is planned with its own words.
_FIND = r"""
CREATE FUNCTION crm_find(wanted_org int, kind text, words text[], allowed text[], before int, most int)
RETURNS SETOF int LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  patterns text[];
  bounds text;
  own text;
BEGIN
  IF NOT (wanted_org = ANY (crm_orgs())) OR coalesce(cardinality(words), 0) = 0 THEN
    RETURN;
  END IF;
  -- Three letters make a trigram; a shorter word is looked for where words begin.
  SELECT array_agg(CASE WHEN length(w) < 3 THEN '% ' ELSE '%' END
      || replace(replace(replace(lower(w), '\', '\\'), '%', '\%'), '_', '\_') || '%')
    INTO patterns FROM unnest(words) w;
  bounds := format('t.org_id = %s AND t.id < %s', wanted_org, coalesce(before, 2147483647));
  IF allowed IS NOT NULL THEN
    bounds := bounds || format(' AND t.%I = ANY (%L::text[])',
      CASE kind WHEN 'mail_messages' THEN 'state' ELSE 'status' END, allowed);
  END IF;
  SELECT string_agg(format('t.search_text LIKE %L', p), ' AND ') INTO own FROM unnest(patterns) p;
  IF kind = 'proposals' THEN
    -- All words in the title; or one in the customer and each other in either. Whichever word is rare leads to it;
    -- of customers that hold a common one, the newest thousand are looked at when there are other words.
    RETURN QUERY EXECUTE format(
      'SELECT u.id FROM ((SELECT t.id FROM proposals t WHERE %s AND %s ORDER BY t.id DESC LIMIT %s)%s) u '
      'ORDER BY u.id DESC LIMIT %s', bounds, own, most,
      (SELECT string_agg(format(
          ' UNION (SELECT t.id FROM %s c JOIN proposals t ON t.org_id = c.org_id AND t.customer_id = c.id '
          'WHERE c.search_text LIKE %L AND %s%s ORDER BY t.id DESC LIMIT %s)',
          CASE WHEN cardinality(patterns) = 1 THEN 'customers'
            ELSE format('(SELECT t.* FROM customers t WHERE t.org_id = %s AND t.search_text LIKE %L '
              'ORDER BY t.id DESC LIMIT 1000)', wanted_org, p.pattern) END,
          p.pattern, bounds,
          (SELECT coalesce(string_agg(
              format(' AND (t.search_text LIKE %1$L OR c.search_text LIKE %1$L)', other), ''), '')
            FROM unnest(patterns) other WHERE other <> p.pattern), most), '')
        FROM unnest(patterns) WITH ORDINALITY AS p(pattern, place)), most);
  ELSIF kind IN ('customers', 'leads', 'mail_messages', 'files') THEN
    RETURN QUERY EXECUTE format(
      'SELECT t.id FROM %I t WHERE %s AND %s ORDER BY t.id DESC LIMIT %s', kind, bounds, own, most);
  ELSE
    RAISE EXCEPTION 'crm_find knows no %', kind;
  END IF;
END $$
"""
