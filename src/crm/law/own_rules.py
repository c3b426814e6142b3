"""The rule that holds for a company in a state: its own where it has set one, else the sourced one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any, cast

from pydantic_core import to_jsonable_python
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.principal import Principal
from crm.kit.database import ROW_LOCK, Big
from crm.kit.errors import Invalid
from crm.law.deposit_caps import DepositRule, Mode, standard_rules
from crm.law.shapes import OwnRuleIn
from crm.law.states import STATES
from crm.law.tables import OwnDepositRule


async def rule_at(session: AsyncSession, org_id: int, address: dict[str, Any] | None) -> DepositRule | None:
    """The rule for work at this address; None outside the United States and where nobody has set one."""
    given = address or {}
    state = STATES.code(str(given.get("state") or ""))
    if state is None or given.get("country", "US") != "US":
        return None
    own = await session.get(OwnDepositRule, (org_id, state))
    return _effective(state, own)


async def all_rules(session: AsyncSession, org_id: int) -> list[tuple[DepositRule, OwnDepositRule | None]]:
    """Every state with a rule, by its code: what holds, and what the company has set itself."""
    rows = await session.scalars(select(OwnDepositRule).where(OwnDepositRule.org_id == org_id))
    own = {row.state: row for row in rows}
    states = sorted(own.keys() | standard_rules().keys())
    return [
        (rule, own.get(state)) for state in states if (rule := _effective(state, own.get(state))) is not None
    ]


async def set_rule(
    session: AsyncSession, principal: Principal, state: str, given: OwnRuleIn
) -> tuple[DepositRule, OwnDepositRule]:
    """What holds now, and the company's own part of it. Raises Invalid for a state that is none, and for a rule without a cap where there is no sourced one."""
    if state not in STATES.names:
        raise Invalid("Use the two letters of a state, like CA.", field="state")
    no_cap = given.percent is None and given.amount_minor is None
    if no_cap and given.mode != "off" and state not in standard_rules():
        raise Invalid(
            "Give a percentage or an amount; there is no sourced rule for this state.", field="percent"
        )
    row = await session.get(OwnDepositRule, (principal.org_id, state), with_for_update=ROW_LOCK)
    if row is None:
        row = OwnDepositRule(org_id=principal.org_id, state=state)
        session.add(row)
    row.mode, row.percent, row.text = given.mode, given.percent, given.text
    row.amount_minor = Big(given.amount_minor) if given.amount_minor is not None else None
    row.updated_by = principal.actor
    await record(
        session, principal.org_id, Event.LAW_RULE_SET, actor=principal.actor, state=state,
        values=to_jsonable_python(given.model_dump()),
    )  # fmt: skip
    await session.flush()
    rule = _effective(state, row)
    assert rule is not None
    return rule, row


async def drop_rule(session: AsyncSession, principal: Principal, state: str) -> None:
    """Back to the sourced rule; nothing happens when there is no own one."""
    row = await session.get(OwnDepositRule, (principal.org_id, state), with_for_update=ROW_LOCK)
    if row is not None:
        await session.delete(row)
        await record(
            session, principal.org_id, Event.LAW_RULE_SET, actor=principal.actor, state=state, values=None
        )


def _effective(state: str, own: OwnDepositRule | None) -> DepositRule | None:
    standard = standard_rules().get(state)
    if own is None:
        return standard
    base = standard or DepositRule(
        state, STATES.names[state], "off", None, None, None, "", "The company's own rule", ""
    )
    rule = replace(base, mode=cast("Mode", own.mode), own=True, scope=own.text or base.scope)
    if own.percent is None and own.amount_minor is None:
        return rule
    share = Fraction(own.percent) / 100 if own.percent is not None else None
    return replace(
        rule,
        share=share,
        amount_minor=own.amount_minor,
        source="The company's own rule" + (f"; see {standard.source}" if standard else ""),
        as_of=own.updated_at.date().isoformat() if own.updated_at else base.as_of,
    )
