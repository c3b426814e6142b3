"""What stands on a paper, block by block, before it is set; `layout/paper.typ` knows how each block looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from crm.identity.tables import Org
from crm.papers.words import Language, said

BRAND_DEFAULT = "#333333"
# Nothing that people write has so many letters without a space, but a table must not burst when they do.
UNBROKEN_MAX = 28
_LONG = re.compile(rf"\S{{{UNBROKEN_MAX}}}(?=\S)")
_ZERO_WIDTH_SPACE = "\u200b"

Block = dict[str, Any]
Cell = str | tuple[str, str]  # words, or words with small print under them
Sum = tuple[str, str, bool]  # label, figure, whether it is the one that matters


@dataclass(frozen=True, slots=True)
class Paper:
    """`kind` stands over the title, `fingerprint` in every footer; `name` is the file's, without extension."""

    name: str
    kind: str
    title: str
    language: Language
    org: Org
    made_at: datetime
    footer: str
    blocks: Sequence[Block]
    fingerprint: str | None = None
    watermark: str | None = None
    logo: bytes | None = None
    signature_path: str | None = field(default=None, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The form that the layout reads; long unbroken words may break."""
        address = self.org.address or {}
        form = {
            "kind": self.kind,
            "title": self.title,
            "language": self.language,
            "org": {"name": self.org.name, "contact": contact(self.org, self.language)},
            "brand": self.org.brand_color or BRAND_DEFAULT,
            "size": "us-letter" if address.get("country", "US") in {"US", "CA", "MX"} else "a4",
            "footer": self.footer,
            "page": said(self.language, "page"),
            "blocks": list(self.blocks),
        }
        broken: dict[str, Any] = _breakable(form)
        return broken | {
            "fingerprint": self.fingerprint,
            "watermark": self.watermark,
            "logo": self._logo_name() if self.logo else None,
        }

    def files(self) -> dict[str, bytes]:
        """The pictures that the layout shows, by the names it knows them by."""
        files: dict[str, bytes] = {}
        if self.logo:
            files[self._logo_name()] = self.logo
        if self.signature_path:
            files["signature.svg"] = (
                '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 200" width="600" height="200">'
                f'<path d="{self.signature_path}" fill="none" stroke="black" stroke-width="3" '
                'stroke-linecap="round" stroke-linejoin="round"/></svg>'
            ).encode()
        return files

    def _logo_name(self) -> str:
        return "logo.png" if (self.logo or b"").startswith(b"\x89PNG") else "logo.jpg"


def contact(org: Org, language: Language) -> str:
    """Where the contractor can be reached, and under which licence they work, a line each."""
    licence = said(language, "licence", number=org.licence_number) if org.licence_number else None
    ways = (org.phone, org.email, org.website, licence)
    return "\n".join([*address_lines(org.address), *(one for one in ways if one)])


def address_lines(address: dict[str, Any] | None) -> list[str]:
    """A postal address as it is written on an envelope; a country only when it is not the United States."""
    if not address:
        return []
    region = " ".join(str(address[key]) for key in ("state", "postal_code") if address.get(key))
    country = str(address.get("country") or "")
    lines = [
        str(address.get("line1") or ""),
        str(address.get("line2") or ""),
        ", ".join(part for part in (str(address.get("city") or ""), region) if part),
        "" if country == "US" else country,
    ]
    return [line for line in lines if line]


def words(
    body: str, heading: str | None = None, *, size: Literal["normal", "small", "bold"] = "normal"
) -> Block:
    """`bold` is ten points, as 16 CFR 429.1 asks of the words about the right to cancel."""
    return {"block": "text", "heading": heading, "body": body, "size": size}


def facts(rows: Sequence[tuple[str, str]], heading: str | None = None) -> Block:
    return {"block": "facts", "heading": heading, "rows": list(rows)}


def amount(label: str, figure: str, under: str | None = None) -> Block:
    """The figure that matters, the largest thing on the page."""
    return {"block": "amount", "label": label, "amount": figure, "under": under}


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell] | str],
    *,
    figures: Sequence[int],
    heading: str | None = None,
    lead: str | None = None,
    sums: Sequence[Sum] = (),
) -> Block:
    """A row that is one string is a heading over the rows after it; `figures` are the columns set to the right."""
    return {
        "block": "table",
        "heading": heading,
        "lead": lead,
        "columns": list(columns),
        "rows": list(rows),
        "figures": list(figures),
        "sums": list(sums),
    }


def signature(name: str, under: str, alt: str, *, drawn: bool) -> Block:
    return {"block": "signature", "name": name, "under": under, "alt": alt, "drawn": drawn}


def new_page(heading: str) -> Block:
    return {"block": "page", "heading": heading}


Kind = Literal["signed_proposal", "signed_change_order", "receipt"]


def _breakable(value: Any) -> Any:
    if isinstance(value, str):
        return _LONG.sub(lambda found: found.group() + _ZERO_WIDTH_SPACE, value)
    if isinstance(value, dict):
        return {key: _breakable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_breakable(one) for one in value]
    return value
