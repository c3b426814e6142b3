"""What the demo's roofer has ready: a price book, and templates in English and Spanish."""

from __future__ import annotations

from typing import Any

from crm.demo.content import TAX, TERMS


def _item(
    section: str, name: str, unit: str, dollars: str, *, taxed: bool = False, about: str = ""
) -> dict[str, Any]:
    return {
        "section": section,
        "name": name,
        "unit": unit,
        "unit_price_minor": int(dollars.replace(".", "")),
        "tax_percent": TAX if taxed else "0",
        "description": about,
    }


PRICE_ITEMS: list[dict[str, Any]] = [
    _item("Preparation", "Tear-off, one layer, down to the deck", "sq", "95.00"),
    _item("Preparation", "Tear-off, each further layer", "sq", "38.00"),
    _item(
        "Preparation",
        "Decking, 7/16 in OSB",
        "sheet",
        "68.50",
        about="Only where the deck is soft, with photos.",
    ),
    _item(
        "Roof", "Architectural shingles", "sq", "128.00", taxed=True, about="30-year warranty of the maker."
    ),
    _item(
        "Roof",
        "Class 4 architectural shingles",
        "sq",
        "168.00",
        taxed=True,
        about="Impact rated UL 2218 Class 4.",
    ),
    _item("Roof", "Stone-coated steel panels", "sq", "412.00", taxed=True),
    _item("Roof", "Ice & water shield", "roll", "89.00", taxed=True),
    _item("Roof", "Synthetic underlayment", "roll", "98.00", taxed=True),
    _item("Roof", "Drip edge, pre-painted", "ft", "2.35", taxed=True),
    _item("Roof", "Starter, hip and ridge cap", "ft", "4.10", taxed=True),
    _item("Roof", "Ridge vent", "ft", "9.50", taxed=True),
    _item("Roof", "Pipe boots and step flashing", "set", "285.00", taxed=True),
    _item("Labour", "Installation", "sq", "165.00", about="Six nails a shingle, hand-sealed rakes."),
    _item("Labour", "Installation, metal", "sq", "285.00"),
    _item("Labour", "Chimney counter-flashing", "", "420.00"),
    _item("Labour", "Skylight: new flashing kit", "", "450.00"),
    _item("Gutters", "Seamless aluminium gutters, 5 in", "ft", "11.80", taxed=True),
    _item("Gutters", "Leaf guards", "ft", "7.25", taxed=True),
    _item("Site", "Permit", "", "198.50"),
    _item("Site", "Disposal", "ton", "96.00"),
]

_BY_NAME = {item["name"]: item for item in PRICE_ITEMS}


def _line(item: str, quantity: str, /, **more: Any) -> dict[str, Any]:
    """A line of the price book."""
    return {**_BY_NAME[item], "quantity": quantity, **more}


_ROOF: dict[str, Any] = {
    "language": "en",
    "title": "Roof replacement",
    "introduction": "Thank you for having us on your roof. Three ways to do the same 25 squares; preparation, "
    "protection and clean-up are part of each. Tell us which suits you, or ask.",
    "terms": TERMS,
    "milestones": [{"name": "Dried in", "percent": "40"}],
    "lines": [
        _line("Tear-off, one layer, down to the deck", "25"),
        _line("Ice & water shield", "6"),
        _line("Synthetic underlayment", "3"),
        _line("Drip edge, pre-painted", "240"),
        _line("Ridge vent", "50"),
        _line("Permit", "1"),
        _line("Disposal", "3.5"),
        _line("Seamless aluminium gutters, 5 in", "160", optional=True),
        _line("Leaf guards", "160", optional=True),
    ],
    "options": [
        {
            "name": "Good",
            "description": "Architectural shingles, 30-year warranty.",
            "lines": [_line("Architectural shingles", "28"), _line("Installation", "25")],
        },
        {
            "name": "Better",
            "description": "Class 4 shingles: holds against hail, and most insurers reward it.",
            "lines": [_line("Class 4 architectural shingles", "28"), _line("Installation", "25")],
        },
        {
            "name": "Best",
            "description": "Stone-coated steel: fifty years, and no hail bill again.",
            "lines": [_line("Stone-coated steel panels", "28"), _line("Installation, metal", "25")],
        },
    ],
}

_STORM: dict[str, Any] = {
    "language": "en",
    "title": "Storm repair",
    "introduction": "We have looked at the damage with you and photographed each place. This is what it takes to "
    "make the roof sound again, in a form that your insurer knows.",
    "terms": TERMS,
    "lines": [
        _line("Tear-off, one layer, down to the deck", "6"),
        _line("Decking, 7/16 in OSB", "8"),
        _line("Class 4 architectural shingles", "7"),
        _line("Ice & water shield", "2"),
        _line("Installation", "6"),
        _line("Disposal", "1"),
        _line("Skylight: new flashing kit", "1", optional=True),
    ],
}

_TERMS_ES = """El trabajo comienza dentro de las tres semanas siguientes al depósito y toma dos o tres días secos.
El depósito se paga al aprobar; el resto, al terminar.
Nosotros tramitamos el permiso y recibimos al inspector. La madera podrida que solo se ve al quitar el techo se \
reemplaza a $68.50 por hoja, con fotos, y nunca sin su acuerdo.
La mano de obra tiene garantía de cinco años; la garantía del fabricante es directamente suya.
Usted puede cancelar dentro de los tres días hábiles después de firmar y recibir todo su dinero."""

_STORM_ES: dict[str, Any] = {
    "language": "es",
    "title": "Reparación por tormenta",
    "introduction": "Revisamos con usted los daños y fotografiamos cada lugar. Esto es lo que hace falta para que el "
    "techo vuelva a estar seguro, en una forma que su aseguradora conoce.",
    "terms": _TERMS_ES,
    "lines": [
        _line("Tear-off, one layer, down to the deck", "6", name="Retiro de una capa, hasta la base",
              section="Preparación"),
        _line("Decking, 7/16 in OSB", "8", name="Base de OSB de 7/16", section="Preparación", unit="hojas",
              description="Solo donde la base está blanda, con fotos."),
        _line("Class 4 architectural shingles", "7", name="Tejas arquitectónicas Clase 4", section="Techo",
              description="Resistencia al impacto UL 2218 Clase 4."),
        _line("Ice & water shield", "2", name="Membrana contra hielo y agua", section="Techo", unit="rollos"),
        _line("Installation", "6", name="Instalación", section="Mano de obra",
              description="Seis clavos por teja, bordes sellados a mano."),
        _line("Disposal", "1", name="Retiro de escombros", section="Obra", unit="tonelada"),
    ],
}  # fmt: skip

TEMPLATES: list[tuple[str, dict[str, Any]]] = [
    ("Roof replacement, good, better, best", _ROOF),
    ("Storm repair", _STORM),
    ("Reparación por tormenta", _STORM_ES),
]
