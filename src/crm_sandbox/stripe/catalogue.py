"""Products and prices: what a Checkout Session's lines are made of."""

from __future__ import annotations

from typing import Any

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError, invalid_param, missing_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page
from crm_sandbox.stripe.money import check_currency
from crm_sandbox.stripe.parameters import (
    BOOLEAN,
    EXPAND,
    INTEGER,
    LISTING,
    METADATA,
    REFUSED,
    TEXT,
    Choice,
    merged_metadata,
)
from crm_sandbox.stripe.shapes import StripeObject

PRODUCT_DATA = {
    "name": TEXT,
    "description": TEXT,
    "images": [TEXT],
    "metadata": METADATA,
    "tax_code": TEXT,
    "unit_label": TEXT,
}
CREATE_PRODUCT = {
    **PRODUCT_DATA,
    "id": TEXT,
    "active": BOOLEAN,
    "default_price_data": REFUSED,
    "shippable": BOOLEAN,
    "statement_descriptor": TEXT,
    "url": TEXT,
    "type": Choice(("good", "service")),
    **EXPAND,
}
UPDATE_PRODUCT = {name: kind for name, kind in CREATE_PRODUCT.items() if name not in ("id", "type")}
CREATE_PRICE = {
    "currency": TEXT,
    "product": TEXT,
    "product_data": PRODUCT_DATA,
    "unit_amount": INTEGER,
    "unit_amount_decimal": TEXT,
    "active": BOOLEAN,
    "billing_scheme": Choice(("per_unit", "tiered")),
    "lookup_key": TEXT,
    "metadata": METADATA,
    "nickname": TEXT,
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    **dict.fromkeys(
        ("currency_options", "custom_unit_amount", "recurring", "tiers", "tiers_mode", "transform_quantity"),
        REFUSED,
    ),
    **EXPAND,
}
UPDATE_PRICE = {
    "active": BOOLEAN,
    "currency_options": REFUSED,
    "lookup_key": TEXT,
    "metadata": METADATA,
    "nickname": TEXT,
    "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
    **EXPAND,
}
LIST_PRODUCTS = {
    **LISTING,
    "active": BOOLEAN,
    "ids": [TEXT],
    "shippable": BOOLEAN,
    "type": Choice(("good", "service")),
    "url": TEXT,
}
LIST_PRICES = {
    **LISTING,
    "active": BOOLEAN,
    "currency": TEXT,
    "lookup_keys": [TEXT],
    "product": TEXT,
    "type": Choice(("one_time", "recurring")),
}


def create_product(call: Call) -> StripeObject:
    """POST /v1/products."""
    product = new_product(call, call.params, id=call.params.get("id"))
    emit(call, "product.created", product)
    return product


def update_product(call: Call) -> StripeObject:
    """POST /v1/products/{id}."""
    product = call.named("product", "id")
    changes = {k: v for k, v in call.params.items() if k in product and k != "metadata"}
    previous = {k: product[k] for k in changes}
    product.update(changes, updated=call.state.now())
    product["metadata"] = merged_metadata(product["metadata"], call.params.get("metadata"))
    emit(call, "product.updated", product, previous)
    return product


def retrieve_product(call: Call) -> StripeObject:
    """GET /v1/products/{id}."""
    return call.named("product", "id")


def list_products(call: Call) -> StripeObject:
    """GET /v1/products."""
    wanted = {k: call.params[k] for k in ("active", "shippable", "type", "url") if k in call.params}
    ids = call.params.get("ids")

    def chosen(product: StripeObject) -> bool:
        return all(product[k] == v for k, v in wanted.items()) and (not ids or product["id"] in ids)

    return page(call, "product", chosen)


def delete_product(call: Call) -> StripeObject:
    """DELETE /v1/products/{id}. Raises ApiError for one that has prices, which cannot be deleted."""
    product = call.named("product", "id")
    if any(price["product"] == product["id"] for price in call.space.objects["price"].values()):
        raise ApiError(
            "This product cannot be deleted because it has one or more user-created prices.", param="id"
        )
    del call.space.objects["product"][product["id"]]
    emit(call, "product.deleted", product)
    return {"id": product["id"], "object": "product", "deleted": True}


def create_price(call: Call) -> StripeObject:
    """POST /v1/prices."""
    product = call.referred("product", "product")
    if product is None:
        if not call.params.get("product_data"):
            raise missing_param("product")
        product = new_product(call, call.params["product_data"])
    price = new_price(call, call.params, product, "")
    emit(call, "price.created", price)
    return price


def retrieve_price(call: Call) -> StripeObject:
    """GET /v1/prices/{id}."""
    return call.named("price", "id")


def list_prices(call: Call) -> StripeObject:
    """GET /v1/prices."""
    wanted = {k: call.params[k] for k in ("active", "product", "currency", "type") if k in call.params}
    keys = call.params.get("lookup_keys")

    def chosen(price: StripeObject) -> bool:
        return all(price[k] == v for k, v in wanted.items()) and (not keys or price["lookup_key"] in keys)

    return page(call, "price", chosen)


def update_price(call: Call) -> StripeObject:
    """POST /v1/prices/{id}: all but what makes its amount, which never changes."""
    price = call.named("price", "id")
    changes = {k: v for k, v in call.params.items() if k != "metadata"}
    previous = {k: price[k] for k in changes}
    price.update(changes)
    price["metadata"] = merged_metadata(price["metadata"], call.params.get("metadata"))
    emit(call, "price.updated", price, previous)
    return price


def new_product(call: Call, given: dict[str, Any], id: str | None = None) -> StripeObject:
    """A product kept in the account, whether asked for or made on the way by `product_data`."""
    if id is not None and id in call.space.objects["product"]:
        raise invalid_param(f"Product already exists: {id}", "id", "resource_already_exists")
    now = call.state.now()
    return call.space.add(
        {
            "id": id or new_id("prod_"),
            "object": "product",
            "active": given.get("active", True),
            "created": now,
            "default_price": None,
            "description": given.get("description"),
            "images": given.get("images") or [],
            "livemode": False,
            "marketing_features": [],
            "metadata": given.get("metadata") or {},
            "name": given["name"],
            "package_dimensions": None,
            "shippable": given.get("shippable"),
            "statement_descriptor": given.get("statement_descriptor"),
            "tax_code": given.get("tax_code"),
            "type": given.get("type", "service"),
            "unit_label": given.get("unit_label"),
            "updated": now,
            "url": given.get("url"),
        }
    )


def new_price(
    call: Call, given: dict[str, Any], product: StripeObject, path: str, *, active: bool = True
) -> StripeObject:
    """A one-time price kept in the account; `path` is where its parameters stood, for refusals."""

    def at(name: str) -> str:
        return f"{path}[{name}]" if path else name

    unit_amount = given.get("unit_amount")
    if unit_amount is None and given.get("unit_amount_decimal"):
        text = given["unit_amount_decimal"]
        if not text.isdigit():
            raise invalid_param(
                f"Invalid decimal: {text}; this simulator takes whole minor units", at("unit_amount_decimal")
            )
        unit_amount = int(text)
    if unit_amount is None:
        raise missing_param(at("unit_amount"))
    if unit_amount < 0:
        raise invalid_param(
            "Invalid non-negative integer", at("unit_amount"), code="parameter_invalid_integer"
        )
    return call.space.add(
        {
            "id": new_id("price_"),
            "object": "price",
            "active": given.get("active", active),
            "billing_scheme": "per_unit",
            "created": call.state.now(),
            "currency": check_currency(given["currency"], at("currency")),
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": given.get("lookup_key"),
            "metadata": given.get("metadata") or {},
            "nickname": given.get("nickname"),
            "product": product["id"],
            "recurring": None,
            "tax_behavior": given.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": unit_amount,
            "unit_amount_decimal": str(unit_amount),
        }
    )
