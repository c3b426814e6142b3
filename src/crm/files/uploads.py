"""Decides what an uploaded file is by its bytes, never by its name."""

from __future__ import annotations

import asyncio

from crm.files.content import Checked, whole_pdf
from crm.files.pictures import picture
from crm.kit.errors import Invalid


async def checked(kind: str, data: bytes) -> Checked:
    """`check` beside the event loop: a large photo takes a second. Raises Invalid."""
    return await asyncio.to_thread(check, kind, data)


def check(kind: str, data: bytes) -> Checked:
    """The file as it is kept. Raises Invalid (field "file") for what is not taken as this kind."""
    if not data:
        raise Invalid("The file is empty.", field="file")
    if kind in {"photo", "logo"}:
        return picture(data, logo=kind == "logo")
    if kind == "attachment" and not data.startswith(b"%PDF-"):
        return picture(data, logo=False)
    return whole_pdf(data)
