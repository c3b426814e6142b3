"""Who acts, for which org: what the rooms ask about a caller, however they came in."""

from __future__ import annotations

from dataclasses import dataclass

from crm.identity.permissions import NEEDS, Permission, allows
from crm.kit.errors import Forbidden

CUSTOMER = "customer"  # the role of whoever holds a portal link


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, for which org. `actor` is what the activity log says; `proposal_id` binds a portal link."""

    org_id: int
    actor: str
    role: str
    user_id: int | None = None
    proposal_id: int | None = None

    @property
    def is_customer(self) -> bool:
        """Holds a portal link, which opens `proposal_id` and nothing else."""
        return self.proposal_id is not None

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)

    def must(self, permission: Permission) -> None:
        """Raises Forbidden, naming what the role lacks."""
        if not self.may(permission):
            raise Forbidden(
                f"Your role ({self.role}) may not {NEEDS[permission]}. Ask the owner of the account."
            )
