"""One line per movement, all of them in one statement: what Stripe, we and QuickBooks say of it.

Built in a temporary table of the transaction, set by set, so that a year of 100,000 payments takes seconds and no
memory of ours. Days are the org's. What lies behind the cut-off is nothing yet on the side where it does.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from crm.kit.money import THREE_DECIMAL, ZERO_DECIMAL

# Our documents on the clearing account, by what they are called here, and which way they move it.
_DOCUMENTS = """
    VALUES ('payment', 'Payment', 'payment', 1), ('refund', 'RefundReceipt', 'refund', -1),
      ('refund', 'SalesReceipt', 'refund_return', 1), ('refund', 'Payment', 'refund_return', 1),
      ('stripe_fee', 'Purchase', 'fee', -1), ('stripe_fee', 'JournalEntry', 'fee', 1),
      ('account_fee', 'Purchase', 'account_fee', -1), ('account_fee', 'JournalEntry', 'account_fee', 1),
      ('payout', 'Transfer', 'payout', -1), ('payout_return', 'Transfer', 'payout_return', 1),
      ('dispute', 'JournalEntry', 'dispute', -1), ('dispute_return', 'JournalEntry', 'dispute_return', 1)
"""
# The word before the subject of a line's posting, and the kind of the posting.
_POSTINGS = """
    VALUES ('payment', 'payment', 'payment:'), ('simulated', 'payment', 'payment:'), ('refund', 'refund', 'refund:'),
      ('refund_return', 'refund_return', 'refund:'), ('fee', 'stripe_fee', 'fee:'),
      ('account_fee', 'account_fee', 'balance:'), ('payout', 'payout', 'payout:'),
      ('payout_return', 'payout_return', 'payout:'), ('dispute', 'dispute', 'balance:'),
      ('dispute_return', 'dispute_return', 'balance:')
"""


def _exponent(currency: str) -> str:
    """How many decimals it has (kit/money)."""
    few, more = ("', '".join(sorted(names)) for names in (ZERO_DECIMAL, THREE_DECIMAL))
    return f"CASE WHEN {currency} IN ('{few}') THEN 0 WHEN {currency} IN ('{more}') THEN 3 ELSE 2 END"


def _at_rate(rate: str, wanted: str, minor: str) -> str:
    """`minor` in the balance's currency. At Stripe's rate it is what Stripe moved, but for the unit that rounding takes."""
    made = f"round(({minor}) * {rate})"
    return (
        f"CASE WHEN {rate} IS NULL THEN ({minor}) WHEN abs({made} - {wanted}) <= 1 THEN {wanted} "
        f"ELSE {made} END::bigint"
    )


# What we know of a movement, gross, in the currency in which the customer paid.
_OURS_GROSS = """CASE m.kind WHEN 'payment' THEN m.paid_minor
      WHEN 'refund' THEN CASE WHEN r.status IN ('succeeded', 'failed', 'canceled') THEN -r.amount_minor END
      WHEN 'refund_return' THEN CASE WHEN r.status IN ('failed', 'canceled') THEN r.amount_minor END
      WHEN 'dispute' THEN CASE WHEN d.status NOT LIKE 'warning%' AND d.status <> 'prevented' THEN -d.amount_minor END
      WHEN 'dispute_return' THEN CASE WHEN d.status = 'won' THEN d.amount_minor END
      WHEN 'payout' THEN -o.amount_minor
      WHEN 'payout_return' THEN CASE WHEN o.status IN ('failed', 'canceled') THEN o.amount_minor END
      WHEN 'account_fee' THEN m.amount_minor END"""

_GATHER = f"""
CREATE TEMPORARY TABLE reconciled ON COMMIT DROP AS
WITH zone AS (SELECT time_zone AS name FROM orgs WHERE id = :org),
paid AS (
  SELECT p.id, p.proposal_id, p.stripe_payment_intent AS intent, p.amount_minor, p.fee_minor, p.currency, p.simulated,
    (p.paid_at AT TIME ZONE (TABLE zone))::date AS day
  FROM payments p WHERE p.org_id = :org AND p.paid_at IS NOT NULL
),
began AS (SELECT min(day) AS day FROM paid WHERE NOT simulated),
moved AS (
  SELECT t.*, (t.created_at AT TIME ZONE (TABLE zone))::date AS day, p.id AS payment_id, p.proposal_id,
    p.amount_minor AS paid_minor, p.fee_minor AS paid_fee_minor,
    -- where Stripe converted what was paid: from its minor units to those of the balance
    CASE WHEN p.currency <> t.currency THEN t.exchange_rate * (10.0 ^ ({_exponent("t.currency")} - {_exponent("p.currency")})) END
      AS converted_at,
    CASE t.category
      WHEN 'charge' THEN CASE WHEN p.id IS NULL THEN 'foreign_payment' ELSE 'payment' END
      WHEN 'refund' THEN CASE WHEN p.id IS NULL THEN 'other' ELSE 'refund' END
      WHEN 'refund_failure' THEN CASE WHEN p.id IS NULL THEN 'other' ELSE 'refund_return' END
      WHEN 'dispute' THEN CASE WHEN p.id IS NULL THEN 'other' ELSE 'dispute' END
      WHEN 'dispute_reversal' THEN CASE WHEN p.id IS NULL THEN 'other' ELSE 'dispute_return' END
      WHEN 'payout' THEN 'payout' WHEN 'payout_reversal' THEN 'payout_return'
      ELSE CASE t.type WHEN 'stripe_fee' THEN 'account_fee' ELSE 'other' END END AS kind
  FROM stripe_transactions t
  LEFT JOIN paid p ON p.intent = t.intent AND NOT p.simulated
  WHERE t.org_id = :org
),
refunded AS (
  SELECT r.refund_id, r.payment_id, p.proposal_id, r.amount_minor, r.currency, r.status,
    (r.created_at AT TIME ZONE (TABLE zone))::date AS day
  FROM refunds r JOIN payments p ON p.org_id = r.org_id AND p.id = r.payment_id
  WHERE r.org_id = :org AND NOT p.simulated
),
paid_out AS (
  SELECT o.payout_id, o.amount_minor, o.currency, o.status,
    (o.created_at AT TIME ZONE (TABLE zone))::date AS day FROM payouts o WHERE o.org_id = :org
),
disputed AS (
  SELECT d.dispute_id, d.amount_minor, d.fee_minor, d.status,
    (SELECT coalesce(sum(t.fee_minor), 0) FROM stripe_transactions t
     WHERE t.org_id = :org AND t.source = d.dispute_id) AS told_fee_minor
  FROM disputes d WHERE d.org_id = :org
),
lines AS (
  -- gross, as Stripe moved it
  SELECT m.kind, CASE m.kind WHEN 'payment' THEN m.payment_id::text
      WHEN 'refund' THEN m.source WHEN 'refund_return' THEN m.source WHEN 'payout' THEN m.source
      WHEN 'payout_return' THEN m.source ELSE m.transaction_id END AS subject,
    m.payment_id, m.proposal_id, m.payout_id, m.currency, m.day AS stripe_day, m.amount_minor AS stripe_minor,
    {_at_rate("m.converted_at", "m.amount_minor", _OURS_GROSS)} AS ours_minor, m.converted_at,
    coalesce(r.status, o.status, d.status) AS detail
  FROM moved m
  LEFT JOIN refunded r ON r.refund_id = m.source AND m.kind IN ('refund', 'refund_return')
  LEFT JOIN disputed d ON d.dispute_id = m.source AND m.kind IN ('dispute', 'dispute_return')
  LEFT JOIN paid_out o ON o.payout_id = m.source AND m.kind IN ('payout', 'payout_return')
  WHERE m.amount_minor <> 0
  UNION ALL
  -- fees, by the document they share
  SELECT CASE WHEN m.payment_id IS NULL THEN 'foreign_fee' ELSE 'fee' END, coalesce(m.fee_group, m.transaction_id),
    CASE WHEN count(*) = 1 THEN min(m.payment_id) END, CASE WHEN count(*) = 1 THEN min(m.proposal_id) END,
    CASE WHEN count(DISTINCT m.payout_id) = 1 THEN min(m.payout_id) END, m.currency, max(m.day), -sum(m.fee_minor),
    -sum(CASE m.kind WHEN 'payment' THEN m.paid_fee_minor
      WHEN 'dispute' THEN CASE WHEN d.fee_minor = d.told_fee_minor THEN m.fee_minor ELSE d.fee_minor END
      WHEN 'dispute_return' THEN CASE WHEN d.fee_minor = d.told_fee_minor THEN m.fee_minor ELSE 0 END
      ELSE m.fee_minor END),
    NULL::numeric, CASE WHEN bool_or(m.fee_group IS NULL) THEN 'ungrouped' END
  FROM moved m LEFT JOIN disputed d ON d.dispute_id = m.source AND m.kind IN ('dispute', 'dispute_return')
  WHERE m.fee_minor <> 0
  GROUP BY m.payment_id IS NULL, coalesce(m.fee_group, m.transaction_id), m.currency
  UNION ALL
  -- what we know of and Stripe's list does not have
  SELECT CASE WHEN p.simulated THEN 'simulated' ELSE 'payment' END, p.id::text, p.id, p.proposal_id, NULL, p.currency, p.day,
    NULL, p.amount_minor, NULL, NULL
  FROM paid p WHERE p.simulated
    OR NOT EXISTS (SELECT 1 FROM moved m WHERE m.kind = 'payment' AND m.payment_id = p.id)
  UNION ALL
  SELECT 'refund', r.refund_id, r.payment_id, r.proposal_id, NULL, r.currency, r.day, NULL, -r.amount_minor, NULL, r.status
  FROM refunded r WHERE r.status = 'succeeded'
    AND NOT EXISTS (SELECT 1 FROM stripe_transactions t WHERE t.org_id = :org AND t.source = r.refund_id)
  UNION ALL
  SELECT 'payout', o.payout_id, NULL, NULL, o.payout_id, o.currency, o.day, NULL, -o.amount_minor, NULL, o.status
  FROM paid_out o WHERE o.status NOT IN ('failed', 'canceled')
    AND NOT EXISTS (SELECT 1 FROM stripe_transactions t WHERE t.org_id = :org AND t.source = o.payout_id)
),
documents AS (
  SELECT k.kind, l.local_id, m.entity || ' ' || l.qbo_id AS document, m.status, m.theirs IS NOT NULL AS edited, m.txn_date,
    m.currency, k.sign * CASE WHEN m.status IN ('voided', 'deleted', 'merged') THEN 0 ELSE m.total_minor END AS minor
  FROM qbo_links l
  JOIN (SELECT * FROM ({_DOCUMENTS}) AS v) AS k (local_kind, entity, kind, sign)
    ON k.local_kind = l.local_kind AND k.entity = l.entity
  JOIN qbo_mirror m ON m.org_id = l.org_id AND m.realm_id = l.realm_id AND m.entity = l.entity AND m.qbo_id = l.qbo_id
  WHERE l.org_id = :org AND l.realm_id = :realm
)
SELECT n.kind, n.subject, n.payment_id, n.proposal_id, coalesce(n.payout_id, CASE WHEN n.kind LIKE 'payout%' THEN n.subject END)
    AS payout_id, n.currency,
  CASE WHEN n.stripe_day <= :until THEN n.stripe_day ELSE b.day END AS day,
  (CASE WHEN n.stripe_day <= :until THEN n.stripe_minor END)::bigint AS stripe_minor,
  (CASE WHEN n.stripe_day <= :until THEN coalesce(n.ours_minor, CASE WHEN b.by_hand THEN n.stripe_minor END) END)::bigint
    AS ours_minor,
  CASE WHEN b.day <= :until THEN b.minor END AS books_minor, b.minor AS documented_minor, n.detail,
  c.status AS document_state, coalesce(c.edited, false) AS edited, b.document, b.by_hand, x.id AS posting_id,
  x.state AS posting, x.problem_code, coalesce(n.stripe_day < (TABLE began), false) AS before,
  coalesce(b.day > :until, false) AS later, coalesce(n.stripe_day > :until, false) AS earlier
FROM lines n
LEFT JOIN (SELECT * FROM ({_POSTINGS}) AS w) AS k (kind, posting, word) ON k.kind = n.kind
LEFT JOIN documents c ON c.kind = CASE n.kind WHEN 'simulated' THEN 'payment' ELSE n.kind END AND c.local_id = n.subject
LEFT JOIN postings x ON x.org_id = :org AND x.kind = k.posting AND x.subject = k.word || n.subject
-- what a person said that a document entered by hand stands for; one of our own for the same movement comes first
LEFT JOIN clearing_by_hand_movements g ON g.org_id = :org AND g.kind = n.kind AND g.subject = n.subject
LEFT JOIN clearing_by_hand h ON h.org_id = :org AND h.realm_id = :realm AND h.id = g.by_hand_id
LEFT JOIN clearing_by_hand o ON o.org_id = :org AND o.realm_id = :realm AND o.everything_before AND o.currency = n.currency
  AND n.stripe_day < (TABLE began) AND x.id IS NULL
LEFT JOIN LATERAL (SELECT c.document IS NULL AND coalesce(h.id, o.id) IS NOT NULL AS by_hand,
    coalesce(c.document, h.document, o.document) AS document, CASE WHEN c.document IS NOT NULL THEN c.txn_date
      ELSE coalesce(h.day, o.day) END AS day,
    -- a transfer goes the other way for a payout below zero
    (CASE WHEN c.document IS NOT NULL AND c.currency <> n.currency
        THEN {_at_rate("n.converted_at", "n.stripe_minor", "c.minor")}
      WHEN c.document IS NOT NULL THEN c.minor * CASE WHEN n.kind LIKE 'payout%'
        AND coalesce(n.ours_minor, n.stripe_minor) * c.minor < 0 THEN -1 ELSE 1 END
      WHEN coalesce(h.id, o.id) IS NOT NULL THEN n.stripe_minor END)::bigint AS minor) b ON true
WHERE n.stripe_day <= :until OR b.day <= :until
"""


async def gather(session: AsyncSession, org_id: int, realm_id: str, until: date) -> int:
    """Makes the table `reconciled` of everything up to `until`, for this transaction; how many lines."""
    values = {"org": org_id, "realm": realm_id, "until": until}
    await session.execute(text(_GATHER), values)
    count = await session.scalar(text("SELECT count(*) FROM reconciled"))
    return int(count or 0)


async def alike(session: AsyncSession, from_day: date) -> list[dict[str, Any]]:
    """The lines on which the three do not agree, those that have the same reasons counted together."""
    rows = await session.execute(text(_ALIKE), {"first": from_day})
    return [dict(row) for row in rows.mappings()]


# Amounts are reduced to which of them are there and equal, so that there are few groups however many lines.
_WHY = (
    "kind, detail, document_state, edited, posting, problem_code, before, later, earlier, "
    "stripe_minor IS NULL, ours_minor IS NULL, books_minor IS NULL, stripe_minor = ours_minor, "
    "ours_minor = books_minor"
)
_UNLIKE = "(stripe_minor IS DISTINCT FROM ours_minor OR ours_minor IS DISTINCT FROM books_minor)"
_ALIKE = f"""
SELECT currency, kind, detail, document_state AS document, edited, posting, problem_code, before, later, earlier,
  min(stripe_minor) AS stripe_minor, min(ours_minor) AS ours_minor, min(books_minor) AS books_minor,
  stripe_minor = ours_minor AS stripe_is_ours, ours_minor = books_minor AS ours_is_books, count(*) AS lines,
  sum(coalesce(books_minor, 0) - coalesce(stripe_minor, 0))::bigint AS difference_minor,
  sum(greatest(abs(coalesce(books_minor, 0) - coalesce(stripe_minor, 0)),
    abs(coalesce(ours_minor, 0) - coalesce(stripe_minor, 0))))::bigint AS size_minor
FROM reconciled WHERE {_UNLIKE} GROUP BY currency, {_WHY}
"""


async def listed(session: AsyncSession, most: int) -> list[dict[str, Any]]:
    """The lines on which the three do not agree, newest first, at most so many."""
    rows = await session.execute(
        text(
            "SELECT kind, subject, payment_id, proposal_id, payout_id, currency, day, stripe_minor, ours_minor, books_minor, "
            "detail, document_state, edited, document, posting_id, posting, problem_code, before, later, earlier "
            f"FROM reconciled WHERE {_UNLIKE} ORDER BY day DESC, kind, subject LIMIT :most"
        ),
        {"most": most},
    )
    return [dict(row) for row in rows.mappings()]


_COLUMNS = (
    "sum(coalesce(stripe_minor, 0))::bigint AS stripe, sum(coalesce(ours_minor, 0))::bigint AS ours, "
    "sum(coalesce(books_minor, 0))::bigint AS books"
)
_GROUP = (
    "CASE WHEN kind IN ('payment', 'simulated') THEN 'payments' WHEN kind IN ('fee', 'account_fee') THEN 'fees' "
    "WHEN kind LIKE 'refund%' THEN 'refunds' WHEN kind LIKE 'dispute%' THEN 'disputes' WHEN kind LIKE 'payout%' THEN 'payouts' "
    "ELSE 'other' END"
)


async def opening(session: AsyncSession, from_day: date) -> list[dict[str, Any]]:
    """What each of the three held before the first day."""
    rows = await session.execute(
        text(f"SELECT currency, {_COLUMNS} FROM reconciled WHERE day < :first GROUP BY 1 ORDER BY 1"),
        {"first": from_day},
    )
    return [dict(row) for row in rows.mappings()]


async def by_kind(session: AsyncSession, from_day: date) -> list[dict[str, Any]]:
    rows = await session.execute(
        text(
            f"SELECT currency, {_GROUP} AS kind, count(*) AS lines, {_COLUMNS} FROM reconciled WHERE day >= :first "
            "GROUP BY 1, 2 ORDER BY 1, 2"
        ),
        {"first": from_day},
    )
    return [dict(row) for row in rows.mappings()]


async def by_day(session: AsyncSession, from_day: date) -> list[dict[str, Any]]:
    """Each day's movement in three columns, and how many of its lines differ."""
    rows = await session.execute(
        text(
            f"SELECT day::text AS day, currency, {_GROUP} AS kind, count(*) AS lines, {_COLUMNS}, "
            f"count(*) FILTER (WHERE {_UNLIKE}) AS differences FROM reconciled WHERE day >= :first "
            "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ),
        {"first": from_day},
    )
    return [dict(row) for row in rows.mappings()]


async def by_payout(session: AsyncSession, org_id: int, from_day: date, most: int) -> list[dict[str, Any]]:
    """Each payout beside what is in it: the net of its movements at Stripe, and the bank's line in QuickBooks."""
    rows = await session.execute(
        text(
            """
            SELECT r.payout_id, r.day::text AS day, r.currency, o.status, o.automatic, o.itemised_at IS NOT NULL AS itemised,
              (o.arrival_date AT TIME ZONE 'UTC')::date::text AS arrives,
              -r.stripe_minor AS stripe, -r.ours_minor AS ours, -r.books_minor AS books,
              (SELECT count(*) FROM stripe_transactions t WHERE t.org_id = :org AND t.payout_id = r.payout_id
                AND t.type <> 'payout') AS items,
              (SELECT sum(t.net_minor)::bigint FROM stripe_transactions t WHERE t.org_id = :org
                AND t.payout_id = r.payout_id AND t.type <> 'payout') AS items_net
            FROM reconciled r JOIN payouts o ON o.org_id = :org AND o.payout_id = r.subject
            WHERE r.kind = 'payout' AND r.day >= :first ORDER BY r.day DESC, r.payout_id LIMIT :most
            """
        ),
        {"org": org_id, "first": from_day, "most": most},
    )
    return [dict(row) for row in rows.mappings()]


async def documented(session: AsyncSession, currency: str) -> tuple[int, date | None]:
    """What our documents put on the clearing account, whatever their date; and the first day of any line."""
    rows = await session.execute(
        text(
            "SELECT coalesce(sum(documented_minor), 0)::bigint, min(day) FROM reconciled WHERE currency = :currency"
        ),
        {"currency": currency},
    )
    total, first = rows.one()
    return total, first
