"""What each role may do: the one table that every route's permission is looked up in."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    OFFICE = "office"
    SALES = "sales"
    BOOKKEEPER = "bookkeeper"
    READ_ONLY = "read_only"


class Permission(StrEnum):
    """`READ` covers leads, customers, proposals, activity and the org's settings."""

    READ = "read"
    LEADS_WRITE = "leads:write"
    CUSTOMERS_WRITE = "customers:write"
    PROPOSALS_WRITE = "proposals:write"
    PAYMENTS_READ = "payments:read"
    PAYMENTS_WRITE = "payments:write"
    PAYMENTS_REFUND = "payments:refund"
    BOOKS_READ = "books:read"
    BOOKS_WRITE = "books:write"
    ORG_MANAGE = "org:manage"


_P = Permission

ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.OFFICE: frozenset(Permission) - {_P.ORG_MANAGE},
    # Whoever sells sees whether a deposit came in and may send the customer to pay it.
    Role.SALES: frozenset(
        {
            _P.READ,
            _P.LEADS_WRITE,
            _P.CUSTOMERS_WRITE,
            _P.PROPOSALS_WRITE,
            _P.PAYMENTS_READ,
            _P.PAYMENTS_WRITE,
        }
    ),
    Role.BOOKKEEPER: frozenset(
        {
            _P.READ,
            _P.PAYMENTS_READ,
            _P.PAYMENTS_WRITE,
            _P.PAYMENTS_REFUND,
            _P.BOOKS_READ,
            _P.BOOKS_WRITE,
        }
    ),
    Role.READ_ONLY: frozenset({_P.READ, _P.PAYMENTS_READ, _P.BOOKS_READ}),
}

NEEDS: dict[Permission, str] = {
    _P.READ: "see this",
    _P.LEADS_WRITE: "change leads",
    _P.CUSTOMERS_WRITE: "change customers",
    _P.PROPOSALS_WRITE: "change proposals",
    _P.PAYMENTS_READ: "see payments",
    _P.PAYMENTS_WRITE: "work with payments",
    _P.PAYMENTS_REFUND: "give money back",
    _P.BOOKS_READ: "see the books",
    _P.BOOKS_WRITE: "work with the books",
    _P.ORG_MANAGE: "manage the company, its team and its API keys",
}


def allows(role: str, permission: Permission) -> bool:
    """Whether `role` may; a role that we do not know (a portal customer) may nothing here."""
    return role in ALLOWED and permission in ALLOWED[Role(role)]
