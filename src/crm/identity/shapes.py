"""What the identity routes take and answer."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from crm.identity.permissions import Role
from crm.kit.inputs import (
    Address,
    Color,
    Currency,
    Email,
    Input,
    Name,
    OptionalEmail,
    OptionalPhone,
    Percent,
    TimeZone,
)
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


class OrgOut(Row):
    id: int
    name: str
    currency: str
    time_zone: str
    email: str | None
    phone: str | None
    address: dict[str, Any] | None
    deposit_percent: int | None
    brand_color: str | None
    created_at: Moment


class OrgChange(Input):
    name: Name | None = None
    currency: Currency | None = None
    time_zone: TimeZone | None = None
    email: OptionalEmail = None
    phone: OptionalPhone = None
    address: Address | None = None
    deposit_percent: Percent | None = None
    brand_color: Color | None = None


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
