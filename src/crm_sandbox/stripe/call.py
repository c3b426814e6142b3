"""One API request on its way through the simulator, as every endpoint receives it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from crm_sandbox.stripe.errors import no_such
from crm_sandbox.stripe.shapes import API_VERSION, StripeObject
from crm_sandbox.stripe.state import AccountSpace, StripeState


@dataclass
class Call:
    """Who asks (`space` is the account acted on, `platform` the key's own), for what, under which name."""

    state: StripeState
    space: AccountSpace
    platform: AccountSpace
    params: dict[str, Any] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)
    request_id: str | None = None
    idempotency_key: str | None = None
    version: str = API_VERSION
    url: str = ""
    upload: tuple[str, bytes] | None = None
    """The name and the bytes of a file that came with a multipart form."""

    def named(self, kind: str, path_name: str) -> StripeObject:
        """The object whose id is in the path. Raises ApiError 404 `resource_missing`."""
        id = self.path[path_name]
        found = self.space.objects[kind].get(id)
        if found is None:
            raise no_such(kind, id, path_name, status=404)
        return found

    def referred(self, kind: str, param: str) -> StripeObject | None:
        """The object that a parameter names, or None when absent. Raises ApiError 400 `resource_missing`."""
        id = self.params.get(param)
        if id is None:
            return None
        found = self.space.objects[kind].get(id)
        if found is None:
            raise no_such(kind, id, param)
        return found


def background(state: StripeState, space: AccountSpace) -> Call:
    """A call that no API request stands behind: the hosted page, a timer, a test hook."""
    return Call(state=state, space=space, platform=space.platform or space)
