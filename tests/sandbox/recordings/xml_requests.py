"""Asking the simulator in XML: what the plays of XML recordings share."""

import xml.etree.ElementTree as ET

import httpx2
from tests.sandbox.quickbooks_world import Json
from tests.sandbox.recordings.comparison import local
from tests.sandbox.recordings.stage import Stage

from crm_sandbox.quickbooks.entities import ENTITIES
from crm_sandbox.quickbooks.xml_form import read_object

AS_XML = {"accept": "application/xml"}
Asked = tuple[str, httpx2.Response]
"""What was asked, in a few words, and the answer."""


def objects_of(root: ET.Element) -> list[ET.Element]:
    """The objects that a reply shows."""
    if local(root.tag) in ENTITIES:
        return [root]
    return [one for one in root.iter() if local(one.tag) in ENTITIES and len(one)]


def post(stage: Stage, kind: str, body: Json, what: str, **parameters: str) -> Asked:
    answer = stage.books.client.post(f"/{kind.lower()}", json=body, params=parameters, headers=AS_XML)
    more = "&".join(f"{key}={value}" for key, value in parameters.items())
    return f"POST {kind.lower()}{'?' if more else ''}{more} ({what})", answer


def query_all(stage: Stage, kind: str, objects: list[ET.Element]) -> Asked:
    for one in sorted(objects, key=lambda one: str(read_object(one)["MetaData"]["LastUpdatedTime"])):
        stage.put(kind, read_object(one))
    here = [stage.known[kind, str(read_object(one)["Id"])] for one in objects]
    wanted = ", ".join(f"'{ident}'" for ident in here)
    query = f"select * from {kind} where Id in ({wanted})" + (
        "" if ENTITIES[kind].is_txn else " and Active in (true, false)"
    )
    answer = stage.books.client.get("/query", params={"query": query}, headers=AS_XML)
    return f"GET query select * from {kind}", in_order(answer, kind, here)


def in_order(answer: httpx2.Response, kind: str, here: list[str]) -> httpx2.Response:
    """The objects in the order of the recording, which names no ORDERBY and mostly is put together by hand."""
    root = ET.fromstring(answer.content)
    page = root[0]
    found = {
        next(part.text for part in one if local(part.tag) == "Id"): one
        for one in page
        if local(one.tag) == kind
    }
    for one in found.values():
        page.remove(one)
    page.extend(found[ident] for ident in here if ident in found)
    return httpx2.Response(answer.status_code, headers=dict(answer.headers), content=ET.tostring(root))
