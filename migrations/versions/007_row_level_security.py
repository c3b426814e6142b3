"""Row-level security, forced, on every table that belongs to an org; the few doors through it; and an
activity log that nobody can change.

The application says `crm.org_ids` at the start of each transaction (`Database.transaction`). Finding out
which org somebody belongs to needs a look across orgs: each such look is one function below that answers
one question and runs with the owner's rights.
"""

from alembic import op

revision = "007"
down_revision = "006"
branch_labels = None
depends_on = None

BY_ORG = (
    "users api_keys idempotency_keys portal_activity_log activity_heads customers leads proposals "
    "proposal_options line_items approvals portal_links inbox_events payments checkout_sessions refunds "
    "disputes payouts differences qbo_tokens oauth_states qbo_lanes postings qbo_links qbo_requests "
    "qbo_usage qbo_error_counts"
).split()

DOORS = {
    "crm_login_route(wanted text)": (
        "TABLE (org_id int, user_id int)",
        "SELECT u.org_id, u.id FROM users u WHERE lower(u.email) = lower(wanted)",
    ),
    "crm_api_key_route(wanted bytea)": (
        "TABLE (org_id int, api_key_id int)",
        "SELECT k.org_id, k.id FROM api_keys k WHERE k.key_hash = wanted",
    ),
    "crm_portal_route(wanted bytea)": (
        "TABLE (org_id int, proposal_id int, portal_link_id int)",
        "SELECT l.org_id, l.proposal_id, l.id FROM portal_links l WHERE l.token_hash = wanted",
    ),
    "crm_realm_route(wanted text, wanted_env text)": (
        "TABLE (org_id int)",
        "SELECT t.org_id FROM qbo_tokens t WHERE t.realm_id = wanted AND t.env = wanted_env",
    ),
    "crm_org_list()": ("TABLE (org_id int)", "SELECT o.id FROM orgs o ORDER BY o.id"),
    "crm_stripe_routes(refs text[], accounts text[])": (
        "TABLE (ref text, org_id int, account text)",
        """
        SELECT s.session_id, s.org_id, p.stripe_account FROM checkout_sessions s
          JOIN payments p ON p.org_id = s.org_id AND p.id = s.payment_id WHERE s.session_id = ANY (refs)
        UNION ALL
        SELECT p.stripe_payment_intent, p.org_id, p.stripe_account FROM payments p
          WHERE p.stripe_payment_intent = ANY (refs)
        UNION ALL
        SELECT p.stripe_charge, p.org_id, p.stripe_account FROM payments p WHERE p.stripe_charge = ANY (refs)
        UNION ALL
        SELECT o.stripe_account, o.id, o.stripe_account FROM orgs o WHERE o.stripe_account = ANY (accounts)
        """,
    ),
    "crm_platform_orgs()": (
        "TABLE (org_id int)",
        "SELECT o.id FROM orgs o WHERE o.stripe_account IS NULL ORDER BY o.id LIMIT 2",
    ),
}


def upgrade() -> None:
    op.execute(
        """
        CREATE FUNCTION crm_orgs() RETURNS int[] LANGUAGE sql STABLE PARALLEL SAFE AS $$
          SELECT coalesce(string_to_array(nullif(current_setting('crm.org_ids', true), ''), ',')::int[], '{}')
        $$
        """
    )
    for table, column in [("orgs", "id"), *((name, "org_id") for name in BY_ORG)]:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(
            f"CREATE POLICY tenant ON {table} "
            f"USING ({column} = ANY ((SELECT crm_orgs())::int[])) "
            f"WITH CHECK ({column} = ANY ((SELECT crm_orgs())::int[]))"
        )
        # The owner migrates and answers the questions below; it need not be a superuser.
        op.execute(f"CREATE POLICY owner ON {table} TO CURRENT_USER USING (true) WITH CHECK (true)")
    for signature, (returns, query) in DOORS.items():
        op.execute(
            f"CREATE FUNCTION {signature} RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER "
            f"SET search_path = public, pg_temp AS $$ {query} $$"
        )
    op.execute(
        """
        CREATE FUNCTION crm_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'portal_activity_log is append-only: % refused', TG_OP USING ERRCODE = '42501';
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON portal_activity_log "
        "FOR EACH ROW EXECUTE FUNCTION crm_refuse_change()"
    )
    op.execute(
        "CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON portal_activity_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION crm_refuse_change()"
    )
