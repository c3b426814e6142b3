"""Attachments: files that come by multipart upload, with or without what is to be said about them.

Source: Intuit's reference of Attachable (size, types); the Fault for a link to nothing is recorded.
"""

import json
import re
from collections import OrderedDict
from dataclasses import dataclass

from crm_sandbox.multipart import Part, parts
from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.downloads import file_fields
from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.refusals import Refused, business, missing, refusal, unparsable
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.write import create

MAX_UPLOAD_BYTES = 100_000_000
MAX_FILES_BYTES = 250_000_000
"""What one company keeps in all; ours, since everything is held in memory."""
CONTENT_TYPES = frozenset({
    "application/postscript", "text/csv", "application/msword", "image/gif", "image/jpeg", "image/jpg",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "image/png", "text/rtf",
    "application/vnd.oasis.opendocument.spreadsheet", "application/pdf", "image/tif", "image/tiff", "text/plain",
    "application/vnd/ms-excel", "application/vnd.ms-excel", "application/rtf", "application/xml", "text/xml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
})  # fmt: skip
_PART_NAME = re.compile(r"file_(metadata|content)_(\w+)")


@dataclass
class Upload:
    """One attachable to be: what is said about it and the file itself, either of which may be missing."""

    about: Part | None = None
    file: Part | None = None


def upload(company: Company, content_type: str, body: bytes) -> JsonObject:
    """The AttachableResponse: each pair file_metadata_N, file_content_N succeeds or fails by itself."""
    if len(body) > MAX_UPLOAD_BYTES:
        raise business(f"An upload must not be larger than {MAX_UPLOAD_BYTES} bytes.")
    found: OrderedDict[str, Upload] = OrderedDict()
    for part in _parts(content_type, body):
        match = _PART_NAME.fullmatch(part.name)
        if match is None:
            raise refusal(
                "2010", "Request has invalid or unsupported property", f"Part {part.name} is unknown"
            )
        one = found.setdefault(match.group(2), Upload())
        if match.group(1) == "metadata":
            one.about = part
        else:
            one.file = part
    if not found:
        raise missing("file_content_0")
    return {"AttachableResponse": [_taken(company, one) for one in found.values()]}


def _parts(content_type: str, body: bytes) -> list[Part]:
    if not content_type.lower().startswith("multipart/form-data"):
        raise refusal("500", "Unsupported Operation", "Operation upload takes multipart/form-data.", None)
    try:
        return parts(content_type, body)
    except ValueError as error:
        raise unparsable(f"the multipart body cannot be read: {error};") from None


def _taken(company: Company, one: Upload) -> JsonObject:
    try:
        return {"Attachable": _attachable(company, one)}
    except Refused as refused:
        return refused.as_json()


def _attachable(company: Company, one: Upload) -> JsonObject:
    about = _parsed(one.about.content) if one.about else {}
    system: JsonObject = {}
    if one.file is not None:
        about.setdefault("FileName", one.file.file_name)
        about.setdefault("ContentType", one.file.content_type)
        if str(about["ContentType"]).lower() not in CONTENT_TYPES:
            raise business(f"Files of type {about['ContentType']} cannot be attached.")
        kept = sum(len(content) for content in company.files.values())
        if kept + len(one.file.content) > MAX_FILES_BYTES:
            raise business(f"This sandbox keeps at most {MAX_FILES_BYTES} bytes of files.")
        system["Size"] = len(one.file.content)
    made = create(company, ENTITIES["Attachable"], about, system=system)
    if one.file is not None:
        company.files[made["Id"]] = one.file.content
    return {**made, **file_fields(company, made)}


def _parsed(content: bytes) -> JsonObject:
    try:
        parsed = json.loads(content)
    except (ValueError, UnicodeDecodeError):
        raise unparsable("failed to parse json object; a property") from None
    if not isinstance(parsed, dict):
        raise unparsable("failed to parse json object; a property")
    return parsed
