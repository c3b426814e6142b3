"""What the law routes take and answer."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, cast

from pydantic import BaseModel, Field

from crm.kit.inputs import AmountMinor, Input, LongText
from crm.kit.money import plain
from crm.law.deposit_caps import NOT_ADVICE, DepositRule, Finding, Mode, standard_rules
from crm.law.tables import OwnDepositRule

_SHARE_DIGITS = 3


class OwnRuleIn(Input):
    """Percentage and amount left out keep the sourced cap; with both, the lesser holds."""

    mode: Mode
    percent: Annotated[Decimal, Field(gt=0, le=100, max_digits=6, decimal_places=3)] | None = None
    amount_minor: Annotated[AmountMinor | None, Field(description="US cents.")] = None
    text: Annotated[LongText, Field(description="Said instead of the sourced explanation.")] = ""


class OwnRuleOut(BaseModel):
    """As it was given, so that it can be changed or put back."""

    mode: Mode
    percent: str | None
    amount_minor: int | None
    text: str


class StandardRuleOut(BaseModel):
    """What is sourced, whatever the company made of it."""

    mode: Mode
    percent: str | None
    amount_minor: int | None
    scope: str
    source: str
    as_of: str


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
    own_rule: Annotated[OwnRuleOut | None, Field(description="What the company has set.")]
    standard: Annotated[
        StandardRuleOut | None, Field(description="Null where no rule is sourced for the state.")
    ]
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


def rule_out(rule: DepositRule, own: OwnDepositRule | None) -> DepositRuleOut:
    """What holds, with what it is made of."""
    standard = standard_rules().get(rule.state)
    return DepositRuleOut(
        state=rule.state,
        name=rule.name,
        mode=rule.mode,
        percent=_percent(rule.share),
        amount_minor=rule.amount_minor,
        duty=rule.duty,
        scope=rule.scope,
        source=rule.source,
        as_of=rule.as_of,
        own=rule.own,
        own_rule=OwnRuleOut(
            mode=cast("Mode", own.mode),
            percent=plain(own.percent) if own.percent is not None else None,
            amount_minor=own.amount_minor,
            text=own.text,
        )
        if own
        else None,
        standard=StandardRuleOut(
            mode=standard.mode,
            percent=_percent(standard.share),
            amount_minor=standard.amount_minor,
            scope=standard.scope,
            source=standard.source,
            as_of=standard.as_of,
        )
        if standard
        else None,
    )


def _percent(share: Fraction | None) -> str | None:
    if share is None:
        return None
    return plain(round(Decimal(share.numerator * 100) / share.denominator, _SHARE_DIGITS))


def finding_out(finding: Finding) -> FindingOut:
    return FindingOut.model_validate(finding, from_attributes=True)
