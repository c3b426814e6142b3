"""Paid deposits that wait for the books, as they stand in the database when a company connects late."""

from __future__ import annotations

from typing import Any

import psycopg

# Names share no word, as far as numbers go, so that nobody is taken for somebody else.
_FILL = """
WITH c AS (
  INSERT INTO customers (org_id, name, email)
  SELECT %(org)s, 'Late' || n || ' Payer' || n, 'late' || n || '@example.com'
  FROM generate_series(%(from)s, %(from)s + %(customers)s - 1) n RETURNING id
), numbered AS (
  SELECT id, row_number() OVER (ORDER BY id) AS place FROM c
), p AS (
  INSERT INTO proposals (org_id, customer_id, title, status, currency, total_minor, approved_at)
  SELECT %(org)s, c.id, 'Late roof ' || n, 'approved', 'USD', 1575000, now() - interval '2 days'
  FROM generate_series(1, %(n)s) n JOIN numbered c ON c.place = 1 + (n - 1) * %(customers)s / %(n)s ORDER BY n
  RETURNING id
)
INSERT INTO payments (org_id, proposal_id, amount_minor, currency, state, paid_at, stripe_session_id)
SELECT %(org)s, id, 100000 + id, 'USD', 'paid', now() - interval '1 day' + id * interval '1 second',
  'cs_test_late' || md5('late ' || id) FROM p ORDER BY id RETURNING id, amount_minor
"""


def add_backlog(
    owner: psycopg.Connection[Any], org_id: int, count: int, customers: int, *, start: int = 1
) -> dict[int, int]:
    """`count` payments of `customers` customers, paid yesterday, those of a customer one after the other, which is the
    harder order for a wave; amounts in minor units by payment id."""
    rows = owner.execute(_FILL, {"org": org_id, "n": count, "customers": customers, "from": start}).fetchall()
    return {int(row[0]): int(row[1]) for row in rows}
