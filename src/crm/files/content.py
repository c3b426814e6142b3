"""What is kept of a file, and whether bytes are a PDF."""

from __future__ import annotations

from dataclasses import dataclass

from crm.kit.errors import Invalid

FILE_BYTES_MAX = 25_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What is kept. Width and height in pixels, None for what is no picture."""

    media_type: str
    content: bytes
    extension: str
    width: int | None = None
    height: int | None = None


def whole_pdf(data: bytes) -> Checked:
    """Raises Invalid (field "file") for what is no whole PDF."""
    if not data.startswith(b"%PDF-"):
        raise Invalid("This is not a PDF.", field="file")
    if b"%%EOF" not in data[-2_048:]:
        raise Invalid("This PDF is cut off; please make or export it again.", field="file")
    return Checked("application/pdf", data, "pdf")
