"""Where attached files are fetched: an address that works for fifteen minutes, for whoever has it.

Source: Intuit's reference of Attachable ("The URL expires after 15 minutes").
"""

import hashlib
import hmac
from urllib.parse import quote

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.shapes import JsonObject

DOWNLOAD_SECONDS = 900


def file_fields(company: Company, obj: JsonObject) -> JsonObject:
    """What every reading of an attachable with a file shows: where it lies and a fresh temporary address."""
    if "Size" not in obj:
        return {}
    return {
        "FileAccessUri": f"/v3/company/{company.realm_id}/download/{obj['Id']}",
        "TempDownloadUri": download_address(company, obj),
    }


def download_address(company: Company, obj: JsonObject) -> str:
    """An address that gives the file to anyone for DOWNLOAD_SECONDS."""
    expires = int(company.clock.now().timestamp()) + DOWNLOAD_SECONDS
    signature = _signature(company, obj["Id"], expires)
    name = quote(str(obj.get("FileName") or obj["Id"]), safe="")
    address = f"{company.base_url}/v3/download/{company.realm_id}/{obj['Id']}/{name}"
    return f"{address}?Expires={expires}&Signature={signature}"


def may_download(company: Company, ident: str, expires: str, signature: str) -> bool:
    """Whether the address was ours and is not too old."""
    if not expires.isdecimal() or int(expires) < company.clock.now().timestamp():
        return False
    return hmac.compare_digest(signature, _signature(company, ident, int(expires)))


def _signature(company: Company, ident: str, expires: int) -> str:
    text = f"{company.realm_id}/{ident}/{expires}".encode()
    return hmac.new(company.files_key, text, hashlib.sha256).hexdigest()
