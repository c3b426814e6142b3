"""The rules on deposits over HTTP: what is sourced, and what the company makes of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from crm.identity.authentication import OrgTx, StaffDep, require
from crm.identity.permissions import Permission
from crm.law.own_rules import all_rules, drop_rule, set_rule
from crm.law.shapes import DepositRuleOut, OwnRuleIn, rule_out
from crm.law.states import STATES

router = APIRouter(prefix="/law/deposit-rules", tags=["law"])

State = Annotated[str, Path(pattern="^[A-Z]{2}$", description="A state's two letters.")]
MANAGE = [require(Permission.ORG_MANAGE)]


class StateOut(BaseModel):
    state: str
    name: str


class DepositRules(BaseModel):
    items: list[DepositRuleOut]
    without_rule: Annotated[list[StateOut], Field(description="States for which nobody has set a rule yet.")]


@router.get("", dependencies=[require(Permission.READ)], summary="Rules on deposits, by state")
async def list_deposit_rules(principal: StaffDep, session: OrgTx) -> DepositRules:
    """Not legal advice: each rule names its source and the day as of which it was looked up."""
    rules = await all_rules(session, principal.org_id)
    ruled = {rule.state for rule, _ in rules}
    return DepositRules(
        items=[rule_out(rule, own) for rule, own in rules],
        without_rule=[
            StateOut(state=state, name=name) for state, name in STATES.names.items() if state not in ruled
        ],
    )


@router.put("/{state}", dependencies=MANAGE, summary="Warn, block, leave off, or use a cap of your own")
async def put_deposit_rule(
    state: State, body: OwnRuleIn, principal: StaffDep, session: OrgTx
) -> DepositRuleOut:
    return rule_out(*await set_rule(session, principal, state, body))


@router.delete("/{state}", dependencies=MANAGE, status_code=204, summary="Back to the sourced rule")
async def delete_deposit_rule(state: State, principal: StaffDep, session: OrgTx) -> None:
    await drop_rule(session, principal, state)
