"""What the identity routes take and answer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from crm.identity.permissions import Role
from crm.identity.tables import Org
from crm.kit.contrast import readable_on_dark, readable_on_light
from crm.kit.inputs import (
    Address,
    Color,
    Currency,
    Email,
    Input,
    LongText,
    Name,
    OptionalEmail,
    OptionalPhone,
    OptionalShortLine,
    OptionalWebsite,
    Percent,
    TaxPercent,
    TimeZone,
    none_when_empty,
)
from crm.kit.money import plain
from crm.kit.times import Moment

# A longer password only makes the hash slow; a shorter one is guessed.
PASSWORD_LENGTH_MIN = 8
PASSWORD_LENGTH_MAX = 200
Password = Annotated[str, Field(min_length=PASSWORD_LENGTH_MIN, max_length=PASSWORD_LENGTH_MAX)]


class Row(BaseModel):
    """The base of answers that are read off a table's row."""

    model_config = ConfigDict(from_attributes=True)


class Login(Input):
    # Whatever was typed is looked up; saying "no e-mail address" would only differ from "wrong".
    # U+0000 alone is refused, as PostgreSQL cannot look for it.
    email: Annotated[str, Field(min_length=1, max_length=254, pattern=r"^[^\x00]*$")]
    password: Annotated[str, Field(min_length=1, max_length=PASSWORD_LENGTH_MAX)]


class Me(BaseModel):
    """Who is logged in, and what they may do."""

    id: int | None
    name: str
    email: str
    role: Role
    org_id: int
    org_name: str
    currency: str
    permissions: list[str]


class LoginAnswer(BaseModel):
    access_token: str
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: Annotated[int, Field(description="Seconds.")]
    user: Me


class TextsByLanguage(Input):
    """What a new proposal begins with, in the language of its sale."""

    en: LongText = ""
    es: LongText = ""


class ReadableColor(BaseModel):
    contrast: Annotated[float, Field(description="1 to 21; text needs 4.5 (WCAG 2.2 AA).")]
    passes: bool
    nearest: Annotated[
        str, Field(description="The nearest shade that passes; the colour itself when it does.")
    ]


class BrandColor(BaseModel):
    """How well the company's colour can be read, and what to use where it cannot."""

    on_light: ReadableColor
    on_dark: ReadableColor


class OrgOut(BaseModel):
    id: int
    name: str
    currency: str
    time_zone: str
    email: str | None
    phone: str | None
    address: dict[str, Any] | None
    deposit_percent: int | None
    brand_color: str | None
    brand: Annotated[BrandColor | None, Field(description="Null without a colour.")]
    logo_file_id: Annotated[int | None, Field(description="Set with PUT /org/logo.")]
    website: str | None
    licence_number: str | None
    reply_to: str | None
    language: Literal["en", "es"]
    validity_days: int | None
    default_tax_percent: Annotated[str | None, Field(description="A decimal number.", examples=["8.81"])]
    right_to_cancel: Annotated[
        bool, Field(description="Whether new contracts carry the three-business-day right to cancel.")
    ]
    default_introductions: TextsByLanguage
    default_terms: TextsByLanguage
    created_at: Moment


def org_out(org: Org) -> OrgOut:
    own = {
        name: getattr(org, name)
        for name in OrgOut.model_fields
        if name not in {"brand", "default_tax_percent"}
    }
    tax = org.default_tax_percent
    return OrgOut(
        **own,
        brand=_brand(org.brand_color) if org.brand_color else None,
        default_tax_percent=plain(tax) if tax is not None else None,
    )


def _brand(color: str) -> BrandColor:
    light, dark = readable_on_light(color), readable_on_dark(color)
    return BrandColor(
        on_light=ReadableColor.model_validate(light, from_attributes=True),
        on_dark=ReadableColor.model_validate(dark, from_attributes=True),
    )


class OrgChange(Input):
    name: Name | None = None
    currency: Currency | None = None
    time_zone: TimeZone | None = None
    email: OptionalEmail = None
    phone: OptionalPhone = None
    address: Address | None = None
    deposit_percent: Percent | None = None
    brand_color: Annotated[Color | None, BeforeValidator(none_when_empty)] = None
    website: OptionalWebsite = None
    licence_number: OptionalShortLine = None
    reply_to: Annotated[OptionalEmail, Field(description="Where answers to mails go; else to `email`.")] = (
        None
    )
    language: Annotated[
        Literal["en", "es"] | None, Field(description="What a new proposal is written in.")
    ] = None
    validity_days: Annotated[
        int | None, Field(strict=True, ge=1, le=365, description="How long a new proposal holds.")
    ] = None
    default_tax_percent: Annotated[
        TaxPercent | None, Field(description="What the editor proposes for a new line.")
    ] = None
    right_to_cancel: Annotated[
        bool | None, Field(description="For what is sold at the customer's home (16 CFR 429).")
    ] = None
    default_introductions: TextsByLanguage | None = None
    default_terms: TextsByLanguage | None = None


class UserOut(Row):
    id: int
    name: str
    email: str
    role: Role
    active: bool
    created_at: Moment


class NewUser(Input):
    name: Name
    email: Email
    role: Role
    password: Password


class UserChange(Input):
    name: Name | None = None
    role: Role | None = None
    active: bool | None = None
    password: Password | None = None


class NewApiKey(Input):
    name: Name
    role: Role


class ApiKeyOut(Row):
    id: int
    name: str
    prefix: Annotated[str, Field(description="How the key begins, to recognise it.")]
    role: Role
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None


class ApiKeyWithSecret(ApiKeyOut):
    secret: Annotated[str, Field(description="The whole key; shown this once.")]
