"""The org's settings and its users; whatever changes rights takes effect with the next request."""

from __future__ import annotations

from pydantic_core import to_jsonable_python as jsonable_python
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from crm.activity.events import Event
from crm.activity.log import record
from crm.identity.passwords import hash_password
from crm.identity.permissions import Role
from crm.identity.principal import Principal
from crm.identity.shapes import NewUser, OrgChange, UserChange
from crm.identity.tables import Org, User
from crm.kit.database import get_own
from crm.kit.errors import Conflict, Invalid, NotFound

USERS_PER_ORG_MAX = 500


async def own_org(session: AsyncSession, org_id: int) -> Org:
    org = await session.get(Org, org_id)
    if org is None:
        raise NotFound("This company does not exist any more.")
    return org


async def change_org(session: AsyncSession, principal: Principal, change: OrgChange) -> Org:
    """Changes the fields that were given; the log keeps what they became, so every version can be read there.

    Raises Invalid for an empty name, currency, time zone or language."""
    org = await own_org(session, principal.org_id)
    fields = change.model_dump(exclude_unset=True)
    for texts in ("default_introductions", "default_terms"):
        if texts in fields:
            fields[texts] = fields[texts] or {}
    for needed in ("name", "currency", "time_zone", "language", "right_to_cancel"):
        if needed in fields and fields[needed] is None:
            raise Invalid("Please fill this in.", field=needed)
    changed = sorted(name for name, value in fields.items() if getattr(org, name) != value)
    for name in changed:
        setattr(org, name, fields[name])
    if changed:
        values = jsonable_python({name: fields[name] for name in changed})
        await record(session, org.id, Event.ORG_UPDATED, actor=principal.actor, fields=changed, values=values)
    return org


async def create_user(session: AsyncSession, principal: Principal, new: NewUser) -> User:
    """Raises Conflict when the e-mail has a user already, here or in another company."""
    users = await session.scalar(select(func.count()).where(User.org_id == principal.org_id))
    if (users or 0) >= USERS_PER_ORG_MAX:
        raise Conflict(f"A company may have at most {USERS_PER_ORG_MAX} users.")
    user = User(
        org_id=principal.org_id,
        email=new.email.lower(),
        name=new.name,
        role=new.role.value,
        password_hash=await hash_password(new.password),
    )
    try:
        async with session.begin_nested():
            session.add(user)
    except IntegrityError as error:
        raise Conflict("Somebody uses this e-mail address already.", kind="email-taken") from error
    await session.refresh(user)
    await record(
        session, principal.org_id, Event.USER_CREATED, actor=principal.actor, user_id=user.id, role=user.role
    )
    return user


async def change_user(session: AsyncSession, principal: Principal, user_id: int, change: UserChange) -> User:
    """Raises Conflict when nobody would be left to manage the company."""
    # Two owners must not take each other's role at once: all changes of users of one org wait here.
    owners = (
        await session.scalars(
            select(User)
            .where(User.org_id == principal.org_id, User.role == Role.OWNER.value, User.active)
            .order_by(User.id)
            .with_for_update(key_share=True)
        )
    ).all()
    user = await get_own(session, User, user_id, principal.org_id, lock=True)
    given = {
        name: value for name, value in change.model_dump(exclude_unset=True).items() if value is not None
    }
    loses_owner = given.get("role", user.role) != Role.OWNER.value or not given.get("active", user.active)
    if loses_owner and [owner.id for owner in owners] == [user.id]:
        raise Conflict("This is the only owner. Make somebody else an owner first.", kind="last-owner")
    if "password" in given:
        user.password_hash = await hash_password(given.pop("password"))
        user.token_generation += 1
    changed = sorted(name for name, value in given.items() if getattr(user, name) != value)
    for name in changed:
        value = given[name]
        setattr(user, name, value.value if isinstance(value, Role) else value)
    if {"role", "active"} & set(changed):
        user.token_generation += 1  # every session of theirs ends now
    if changed or change.password is not None:
        await record(
            session,
            principal.org_id,
            Event.USER_UPDATED,
            actor=principal.actor,
            user_id=user.id,
            fields=changed + (["password"] if change.password is not None else []),
        )
    return user
