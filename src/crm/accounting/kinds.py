"""Every kind of posting, in the order in which what is missing is made. A new kind is one line here."""

from __future__ import annotations

from crm.accounting.booking import Kind
from crm.accounting.sync import contract_invoice, credit_memo, deposit, refund, stripe_money

ALL: tuple[Kind, ...] = (
    deposit.KIND,
    refund.GIVEN,
    refund.CAME_BACK,
    contract_invoice.CONTRACT,
    contract_invoice.CHANGE,
    credit_memo.KIND,
    *stripe_money.KINDS,
)
BY_NAME = {kind.name: kind for kind in ALL}

# On the posting `p`: what must stand in the books before it does. A kind of a newer version is left alone.
MAY_GO = " OR ".join(f"(p.kind = '{kind.name}' AND ({kind.after}))" for kind in ALL)
