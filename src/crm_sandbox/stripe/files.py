"""Files: what a dispute's evidence consists of. Only what Stripe tells of them is kept, not their bytes.

Real ones are uploaded to files.stripe.com; here all is one address, so a client's `files` base is the same.
"""

from __future__ import annotations

from crm_sandbox.stripe.call import Call
from crm_sandbox.stripe.errors import ApiError, missing_param
from crm_sandbox.stripe.events import emit
from crm_sandbox.stripe.ids import new_id
from crm_sandbox.stripe.lists import page_with
from crm_sandbox.stripe.parameters import EXPAND, LISTING, REFUSED, Choice
from crm_sandbox.stripe.shapes import StripeObject, listed

MAX_EVIDENCE_BYTES = 4_500_000
"""https://docs.stripe.com/disputes/best-practices: all evidence together at most 4.5 MB."""
MAX_FILES = 1_000
BEGINS = {"pdf": b"%PDF", "jpg": b"\xff\xd8\xff", "png": b"\x89PNG"}

PURPOSES = (
    "dispute_evidence",
    "business_logo",
    "business_icon",
    "additional_verification",
    "identity_document",
)
CREATE_FILE = {"purpose": Choice(PURPOSES), "file_link_data": REFUSED, **EXPAND}
LIST_FILES = {**LISTING, "purpose": Choice(PURPOSES)}


def create_file(call: Call) -> StripeObject:
    """POST /v1/files, multipart. Raises ApiError for a file that is missing, too large or of another kind."""
    if call.upload is None:
        raise missing_param("file")
    if len(call.space.objects["file"]) >= MAX_FILES:
        raise ApiError(f"This simulator keeps {MAX_FILES} files.")
    name, content = call.upload
    if len(content) > MAX_EVIDENCE_BYTES:
        raise ApiError(f"The file is larger than {MAX_EVIDENCE_BYTES} bytes.", param="file")
    type = next((name for name, start in BEGINS.items() if content.startswith(start)), None)
    if type is None:
        raise ApiError("The file type uploaded is not supported: it is no PDF, JPEG or PNG.", param="file")
    id = new_id("file_")
    file = call.space.add(
        {
            "id": id,
            "object": "file",
            "created": call.state.now(),
            "expires_at": None,
            "filename": name,
            "links": listed([], f"/v1/file_links?file={id}"),
            "purpose": call.params["purpose"],
            "size": len(content),
            "title": None,
            "type": type,
            "url": None,
        }
    )
    emit(call, "file.created", file)
    return file


def retrieve_file(call: Call) -> StripeObject:
    """GET /v1/files/{file}."""
    return call.named("file", "file")


def list_files(call: Call) -> StripeObject:
    """GET /v1/files."""
    return page_with(call, "file", ("purpose",))
