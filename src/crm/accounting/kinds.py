"""Every kind of posting, in the order in which what is missing is made. A new kind is one line here."""

from __future__ import annotations

from crm.accounting.booking import Kind
from crm.accounting.sync import (
    attachment,
    contract_invoice,
    credit_memo,
    deposit,
    estimate,
    refund,
    stripe_money,
)

ALL: tuple[Kind, ...] = (
    deposit.KIND,
    refund.GIVEN,
    refund.CAME_BACK,
    contract_invoice.CONTRACT,
    contract_invoice.CHANGE,
    credit_memo.KIND,
    *stripe_money.KINDS,
    estimate.KIND,
    attachment.KIND,
)
BY_NAME = {kind.name: kind for kind in ALL}
# On the posting `p`: whether all that moves money goes before it.
PAPERS_ONLY = "p.kind IN (" + ", ".join(f"'{kind.name}'" for kind in ALL if kind.papers_only) + ")"

# On the posting `p`: what must stand in the books before it does. A kind of a newer version is left alone.
MAY_GO = " OR ".join(f"(p.kind = '{kind.name}' AND ({kind.after}))" for kind in ALL)
