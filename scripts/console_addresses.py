"""The addresses of the console: what its router knows, and which page of each kind is pictured.

A name in braces is filled in with what the scene (console_scene.py) made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

CONSOLE = Path(__file__).parents[1] / "web" / "src" / "console"
ROUTERS = [CONSOLE / "router.tsx", CONSOLE / "settings" / "routes.ts"]
ROUTE = re.compile(
    r"const (\w+) = createRoute\(\{\s*getParentRoute: \(\) => (\w+),\s*(?:path: \"([^\"]*)\"|id: )"
)
NO_PAGE = {"/settings"}  # leads on to the first of the settings
PICTURED = [
    "/login",
    "/",
    "/proposals",
    "/proposals/7",
    "/proposals/9",
    "/proposals/new",
    "/proposals/{draft}/edit",
    "/proposals/templates",
    "/proposals/templates/1",
    "/proposals/templates/1/history",
    "/proposals/templates/new",
    "/proposals/from-template?template=1",
    "/proposals/price-book",
    "/proposals/price-book?item=1",
    "/proposals/price-book?item=new",
    "/proposals/7/change-orders/new",
    "/proposals/7/change-orders/{change}",
    "/customers",
    "/customers/1",
    "/leads",
    "/leads?view=board",
    "/leads/form",
    "/leads/1",
    "/payments",
    "/payments?tab=refunds",
    "/payments?tab=payouts",
    "/payments/{payment}",
    "/payments/payouts/{payout}",
    "/books",
    "/books/needs-you",
    "/books/waiting",
    "/books/posted",
    "/books/left-out",
    "/books/differences",
    "/books/differences/{difference}",
    "/books/review",
    "/books/mapping",
    "/books/reconciliation",
    "/books/log",
    "/books/log/{refused}",
    "/books/backfill",
    "/books/quota",
    "/books/doctor",
    "/mail",
    "/mail?tab=texts",
    "/mail/{message}",
    "/import",
    "/activity",
    "/settings/company",
    "/settings/branding",
    "/settings/team",
    "/settings/deposits",
    "/settings/law",
    "/settings/law?state=CA",
    "/settings/texts",
    "/settings/files",
    "/settings/mail",
    "/settings/api-keys",
    "/settings/webhooks",
    "/settings/webhooks/{endpoint}",
    "/settings/webhooks/deliveries/{delivery}",
]


def routes() -> list[str]:
    """Every address of the router that has a page, its changing parts as `$id`; raises where one cannot be read."""
    found: dict[str, tuple[str, str]] = {}
    for file in ROUTERS:
        text = file.read_text()
        read = ROUTE.findall(text)
        if len(read) != text.count("= createRoute({"):
            raise ValueError(f"{file.name} has routes that console_addresses.py cannot read")
        found |= {name: (parent, path) for name, parent, path in read}
    parents = {parent for parent, _ in found.values()}

    def whole(name: str) -> str:
        parent, path = found.get(name, ("", ""))
        return (whole(parent) if parent in found else "") + path

    pages = {whole(name) for name in found if name not in parents}
    return sorted({page.rstrip("/") or "/" for page in pages} - NO_PAGE)


def route_of(address: str, known: Iterable[str]) -> str | None:
    """The route that answers the address; a written word comes before a changing part, as in the router."""
    parts = re.sub(r"^https?://[^/]+|[?#].*", "", address).rstrip("/").split("/")
    fitting = [
        route
        for route in known
        if len(split := route.rstrip("/").split("/")) == len(parts)
        and all(mine.startswith("$") or mine == theirs for mine, theirs in zip(split, parts, strict=True))
    ]
    return min(fitting, key=lambda route: route.count("$"), default=None)


def missing(addresses: Iterable[str]) -> list[str]:
    """The routes that none of the addresses leads to."""
    known = routes()
    return sorted(set(known) - {route_of(address, known) for address in addresses})
