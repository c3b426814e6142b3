"""Turns the `line_items` of a request into the priced lines of a Checkout Session."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.catalogue import new_price, new_product
from crm_sandbox.stripe.errors import ApiError, invalid_param, missing_param, no_such
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.shapes import StripeObject

MAX_QUANTITY = 999_999


def made_line_items(call: Call, given: list[dict[str, Any]]) -> list[StripeObject]:
    """The lines, all in one currency. Raises ApiError naming the line that is wrong."""
    for place, line in enumerate(given):
        _check_line(call, line, f"line_items[{place}]")
    prices = [_price(call, line, f"line_items[{place}]") for place, line in enumerate(given)]
    if len({price["currency"] for price, _ in prices}) > 1:
        raise invalid_param(
            "All line items of a Checkout Session must be in the same currency.",
            f"line_items[{len(prices) - 1}]",
        )
    return [_item(line, price, name) for line, (price, name) in zip(given, prices, strict=True)]


def _check_line(call: Call, line: dict[str, Any], path: str) -> None:
    data = line.get("price_data")
    if bool(line.get("price")) == bool(data):
        raise ApiError(
            "You must specify exactly one of `price` or `price_data` for each line item.",
            param=path,
            code=None if data else "parameter_missing",
            stored=False,
        )
    quantity = line.get("quantity")
    if quantity is None:
        raise invalid_param(
            "Quantity is required. Add `quantity` to `line_items[0]`".replace("line_items[0]", path),
            f"{path}[quantity]",
            "parameter_missing",
        )
    if not 0 < quantity <= MAX_QUANTITY:
        raise invalid_param(
            f"This value must be between 1 and {MAX_QUANTITY}.",
            f"{path}[quantity]",
            "parameter_invalid_integer",
        )
    if data:
        if not data.get("currency"):
            raise missing_param(f"{path}[price_data][currency]")
        if bool(data.get("product")) == bool(data.get("product_data")):
            raise ApiError(
                "You must specify exactly one of `product` or `product_data`.",
                param=f"{path}[price_data]",
                stored=False,
            )
        if data.get("product_data") and not data["product_data"].get("name"):
            raise missing_param(f"{path}[price_data][product_data][name]")


def _price(call: Call, line: dict[str, Any], path: str) -> tuple[StripeObject, str]:
    """The line's price, and the name of its product."""
    products = call.space.objects["product"]
    if line.get("price"):
        price = call.space.objects["price"].get(line["price"])
        if price is None:
            raise no_such("price", line["price"], f"{path}[price]")
        if not price["active"]:
            raise invalid_param("The price specified is inactive.", f"{path}[price]")
        return price, products[price["product"]]["name"]
    data = line["price_data"]
    if data.get("product"):
        product = products.get(data["product"])
        if product is None:
            raise no_such("product", data["product"], f"{path}[price_data][product]")
    else:
        # Inline products and prices exist, but inactive, so that they do not clutter the catalogue.
        product = new_product(call, {**data["product_data"], "active": False})
    return new_price(call, data, product, f"{path}[price_data]", active=False), product["name"]


def _item(line: dict[str, Any], price: StripeObject, name: str) -> StripeObject:
    amount = price["unit_amount"] * line["quantity"]
    return {
        "id": new_id("li_"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "created": price["created"],
        "currency": price["currency"],
        "description": name,
        "metadata": line.get("metadata") or {},
        "price": price,
        "quantity": line["quantity"],
    }
