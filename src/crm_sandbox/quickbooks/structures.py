"""The structures inside objects (addresses, lines, references): their known fields and limits.

A field that is not listed is refused with 2010. Source: Intuit's Finance.xsd, by way of the table of XML shapes.
"""

from crm_sandbox.quickbooks.xml_shapes import SHAPES

STRUCTURES: dict[str, frozenset[str]] = {
    **{name: frozenset(shape) for name, shape in SHAPES.items()},
    # Text with attributes in XML; what JSON makes of them is not in the schema.
    "ReferenceType": frozenset({"value", "name", "type"}),
    "MemoRef": frozenset({"value", "id"}),
}

STRUCTURE_LIMITS: dict[tuple[str, str], int] = {
    ("TelephoneNumber", "FreeFormNumber"): 30,
    ("EmailAddress", "Address"): 100,
    ("WebSiteAddress", "URI"): 1000,
    ("MemoRef", "value"): 1000,
    **{("PhysicalAddress", f"Line{n}"): 500 for n in range(1, 6)},
    ("PhysicalAddress", "City"): 255,
    ("PhysicalAddress", "Country"): 255,
    ("PhysicalAddress", "CountrySubDivisionCode"): 255,
    ("PhysicalAddress", "PostalCode"): 31,
    ("Line", "Description"): 4000,
}
