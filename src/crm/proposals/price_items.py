"""What a line of the price book may be, written or imported."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from crm.kit.inputs import (
    Currency,
    Input,
    LongText,
    Name,
    ShortLine,
    TaxPercent,
    UnitPrice,
)

PRICE_ITEMS_MAX = 10_000


class PriceItemIn(Input):
    name: Name
    description: LongText = ""
    unit: ShortLine = ""
    unit_price_minor: Annotated[UnitPrice, Field(description="Minor units of the currency.")]
    currency: Annotated[Currency | None, Field(description="The company's when left out.")] = None
    tax_percent: TaxPercent = Decimal(0)
    section: ShortLine = ""
    active: Annotated[bool, Field(description="Offered in the editor.")] = True


class PriceItemChange(Input):
    """Fields left out stay as they are."""

    name: Name | None = None
    description: LongText | None = None
    unit: ShortLine | None = None
    unit_price_minor: UnitPrice | None = None
    currency: Currency | None = None
    tax_percent: TaxPercent | None = None
    section: ShortLine | None = None
    active: bool | None = None
