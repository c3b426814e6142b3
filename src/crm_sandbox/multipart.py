"""Reads multipart/form-data, byte for byte: what uploads to either simulator come in (RFC 7578)."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from email import message_from_bytes

MAX_PARTS = 1_000
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True)
class Part:
    """One part of a multipart body."""

    name: str
    file_name: str | None
    content_type: str
    content: bytes


def parts(content_type: str, body: bytes) -> list[Part]:
    """The parts in their order. Raises ValueError for what is not a whole multipart/form-data body.

    Lines may end in a bare line feed and files may come in base64: so python-quickbooks sends them to Intuit.
    """
    boundary = message_from_bytes(f"content-type: {content_type}\r\n\r\n".encode()).get_boundary()
    if not content_type.lower().startswith("multipart/form-data") or not boundary:
        raise ValueError("it is not multipart/form-data with a boundary")
    pieces = re.split(rb"\r?\n--" + re.escape(boundary.encode()), b"\r\n" + body)
    if len(pieces) > MAX_PARTS:
        raise ValueError(f"it has more than {MAX_PARTS} parts")
    found: list[Part] = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            return found
        head, *rest = _BLANK_LINE.split(piece.lstrip(b"\r\n"), 1)
        headers = message_from_bytes(head + b"\r\n\r\n")
        content = rest[0] if rest else b""
        if str(headers.get("content-transfer-encoding")).lower() == "base64":
            content = b64decode(b"".join(content.split()), validate=True)
        name = headers.get_param("name", "", "content-disposition")
        found.append(Part(str(name), headers.get_filename(), headers.get_content_type(), content))
    raise ValueError("it ends before its closing boundary")
