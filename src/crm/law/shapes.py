"""What the law routes take and answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from crm.kit.inputs import AmountMinor, Input, LongText
from crm.kit.money import plain
from crm.law.deposit_caps import NOT_ADVICE, DepositRule, Finding, Mode

_SHARE_DIGITS = 3


class OwnRuleIn(Input):
    """Percentage and amount left out keep the sourced cap; with both, the lesser holds."""

    mode: Mode
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=6, decimal_places=3)] | None = None
    amount_minor: Annotated[AmountMinor | None, Field(description="US cents.")] = None
    text: Annotated[LongText, Field(description="Said instead of the sourced explanation.")] = ""


class DepositRuleOut(BaseModel):
    state: str
    name: str
    mode: Annotated[Mode, Field(description="off: not looked at; block: sending needs a reason.")]
    percent: Annotated[str | None, Field(description="Of the total, rounded to three decimals.")]
    amount_minor: Annotated[int | None, Field(description="US cents; the lesser of both holds.")]
    duty: str | None
    scope: str
    source: str
    as_of: str
    own: Annotated[bool, Field(description="The company has changed it.")]
    not_advice: str = NOT_ADVICE


class FindingOut(BaseModel):
    rule: Literal["deposit_cap", "deposit_duty"]
    mode: Annotated[Literal["warn", "block"], Field(description="block: sending needs `override_reason`.")]
    state: str
    sentence: str
    fix: str
    source: str
    as_of: str
    deposit_minor: int
    cap_minor: int | None
    not_advice: str = NOT_ADVICE


def rule_out(rule: DepositRule) -> DepositRuleOut:
    share = rule.share
    return DepositRuleOut(
        state=rule.state,
        name=rule.name,
        mode=rule.mode,
        percent=plain(round(Decimal(share.numerator * 100) / share.denominator, _SHARE_DIGITS))
        if share is not None
        else None,
        amount_minor=rule.amount_minor,
        duty=rule.duty,
        scope=rule.scope,
        source=rule.source,
        as_of=rule.as_of,
        own=rule.own,
    )


def finding_out(finding: Finding) -> FindingOut:
    return FindingOut.model_validate(finding, from_attributes=True)
