"""What the demo data says: a Denver roofer's real kinds of jobs, and a second company for isolation."""

from __future__ import annotations

from typing import Any

DEMO_PASSWORD = "password"  # noqa: S105 - the contract's, and never in production

# Combined sales tax in Denver on materials; labour, permits and disposal are not taxed.
TAX = "8.81"


def _line(
    name: str, quantity: str, unit: str, dollars: str, *, taxed: bool = False, about: str = ""
) -> dict[str, Any]:
    return {
        "name": name,
        "description": about,
        "quantity": quantity,
        "unit": unit,
        "unit_price_minor": int(dollars.replace(".", "")),
        "tax_percent": TAX if taxed else "0",
    }


def _address(line1: str, city: str, postal_code: str) -> dict[str, Any]:
    return {
        "line1": line1,
        "line2": "",
        "city": city,
        "state": "CO",
        "postal_code": postal_code,
        "country": "US",
    }


ORGS: dict[int, dict[str, Any]] = {
    1: {
        "name": "PeakPro Roofing",
        "currency": "USD",
        "time_zone": "America/Denver",
        "email": "office@peakpro.io",
        "phone": "+1 303 555 0100",
        "address": _address("2400 Larimer Street, Unit 3", "Denver", "80205"),
        "brand_color": "#1f5fae",
    },
    2: {
        "name": "Summit Exteriors",
        "currency": "USD",
        "time_zone": "America/Denver",
        "email": "hello@summit.example",
        "phone": "+1 719 555 0170",
        "address": _address("118 Tejon Street", "Colorado Springs", "80903"),
        "brand_color": "#7a3e9d",
        "stripe_account": "acct_1SandboxSummit0002",
    },
}

USERS: list[dict[str, Any]] = [
    {"org_id": 1, "id": 1, "email": "admin@peakpro.io", "name": "Alex Romero", "role": "owner"},
    {"org_id": 1, "id": 2, "email": "office@peakpro.io", "name": "Dana Whitfield", "role": "office"},
    {"org_id": 1, "id": 3, "email": "sales@peakpro.io", "name": "Marcus Bell", "role": "sales"},
    {"org_id": 1, "id": 4, "email": "bookkeeper@peakpro.io", "name": "Priya Natarajan", "role": "bookkeeper"},
    {"org_id": 1, "id": 5, "email": "viewer@peakpro.io", "name": "Sam Ortiz", "role": "read_only"},
    {"org_id": 2, "id": 6, "email": "admin@summit.example", "name": "Robin Hale", "role": "owner"},
]

CUSTOMERS: list[dict[str, Any]] = [
    {
        "org_id": 1,
        "id": 1,
        "name": "Elena and Tom Hartley",
        "email": "elena.hartley@example.com",
        "phone": "+1 303 555 0142",
        "billing_address": _address("1847 Elm Street", "Denver", "80220"),
        "site_address": _address("1847 Elm Street", "Denver", "80220"),
    },
    {
        "org_id": 1,
        "id": 2,
        "name": "Marisol Vega",
        "email": "marisol.vega@example.com",
        "phone": "+1 720 555 0118",
        "billing_address": _address("5530 West 38th Avenue", "Wheat Ridge", "80212"),
        "site_address": _address("5530 West 38th Avenue", "Wheat Ridge", "80212"),
    },
    {
        "org_id": 1,
        "id": 3,
        "name": "Gordon Pryce",
        "company": "Pryce Property Management",
        "email": "gordon@pryceproperty.example",
        "phone": "+1 303 555 0187",
        "billing_address": _address("900 South Broadway, Suite 210", "Denver", "80209"),
        "site_address": _address("2216 South Acoma Street", "Denver", "80223"),
    },
    {
        "org_id": 2,
        "id": 4,
        "name": "Helen Brandt",
        "email": "helen.brandt@example.com",
        "phone": "+1 719 555 0133",
        "billing_address": _address("77 Mesa Road", "Colorado Springs", "80904"),
        "site_address": _address("77 Mesa Road", "Colorado Springs", "80904"),
    },
]

TERMS = """Work starts within three weeks of the deposit and takes two to three dry days.
The deposit is due on approval, the rest on completion.
We pull the permit and meet the inspector. Rotten decking that only shows after the tear-off is replaced at \
$68.50 a sheet, with photos, and never without your word.
Workmanship is warranted for five years; the shingle maker's warranty is yours directly.
You may cancel within three business days of signing and get every cent back."""

_SHINGLES = "Impact rated UL 2218 Class 4; many insurers lower the premium for it. 12 % waste is included."
_ICE = "Along eaves, valleys and around penetrations, as Denver's code asks."

# (id, org, content). The total of 9 is that of its first option until the customer chooses.
PROPOSALS: list[tuple[int, int, dict[str, Any]]] = [
    (
        7,
        1,
        {
            "customer_id": 1,
            "title": "Roof replacement, 1847 Elm Street",
            "introduction": "Hail of 28 May broke the mat on the south and west slopes. We replace the whole roof, "
            "24 squares, with Class 4 shingles.",
            "terms": TERMS,
            "lines": [
                _line("Tear-off, one layer, down to the deck", "24", "sq", "95.00"),
                _line("Class 4 architectural shingles", "27", "sq", "168.00", taxed=True, about=_SHINGLES),
                _line("Ice & water shield", "6", "rolls", "89.00", taxed=True, about=_ICE),
                _line("Synthetic underlayment", "3", "rolls", "98.00", taxed=True),
                _line("Drip edge, pre-painted", "240", "ft", "2.35", taxed=True),
                _line("Starter, hip and ridge cap", "210", "ft", "4.10", taxed=True),
                _line("Ridge vent", "52", "ft", "9.50", taxed=True),
                _line("Pipe boots and step flashing", "1", "set", "285.00", taxed=True),
                _line("Installation", "24", "sq", "165.00", about="Six nails a shingle, hand-sealed rakes."),
                _line("Chimney counter-flashing", "1", "", "420.00"),
                _line("Gutters: detach and reset", "54", "ft", "5.94"),
                _line("Permit, City and County of Denver", "1", "", "198.50"),
                _line("Disposal", "3.5", "tons", "96.00"),
            ],
        },
    ),
    (
        9,
        1,
        {
            "customer_id": 2,
            "title": "New roof for the bungalow on West 38th",
            "introduction": "Three ways to do the same 28 squares. Preparation, protection and clean-up are "
            "part of each.",
            "terms": TERMS,
            "lines": [
                _line("Tear-off, one layer, down to the deck", "28", "sq", "95.00"),
                _line("Ice & water shield", "7", "rolls", "89.00", taxed=True, about=_ICE),
                _line("Synthetic underlayment", "4", "rolls", "98.00", taxed=True),
                _line("Drip edge, pre-painted", "265", "ft", "2.35", taxed=True),
                _line("Ridge vent", "60", "ft", "9.50", taxed=True),
                _line("Step flashing along the dormers", "43", "ft", "9.39"),
                _line("Permit, City of Wheat Ridge", "1", "", "212.40"),
                _line("Disposal", "4", "tons", "96.00"),
            ],
            "options": [
                {
                    "name": "Good",
                    "description": "Architectural shingles, 30-year warranty.",
                    "lines": [
                        _line("Architectural shingles", "31", "sq", "128.00", taxed=True),
                        _line("Installation", "28", "sq", "165.00"),
                    ],
                },
                {
                    "name": "Better",
                    "description": "Class 4 shingles: holds against hail, and most insurers reward it.",
                    "lines": [
                        _line(
                            "Class 4 architectural shingles",
                            "31",
                            "sq",
                            "168.00",
                            taxed=True,
                            about=_SHINGLES,
                        ),
                        _line("Installation", "28", "sq", "165.00"),
                        _line("Ten-year workmanship warranty", "1", "", "350.00"),
                    ],
                },
                {
                    "name": "Best",
                    "description": "Stone-coated steel: fifty years, and no hail bill again.",
                    "lines": [
                        _line("Stone-coated steel panels", "31", "sq", "412.00", taxed=True),
                        _line("Battens and metal trim", "1", "set", "940.00", taxed=True),
                        _line("Installation, metal", "28", "sq", "285.00"),
                    ],
                },
            ],
        },
    ),
    (
        10,
        1,
        {
            "customer_id": 3,
            "title": "Storm repair, 2216 South Acoma Street",
            "introduction": "Wind took the north slope of the fourplex. We replace 14 squares and the soft decking "
            "below them.",
            "terms": TERMS,
            "lines": [
                _line("Tear-off, one layer, down to the deck", "14", "sq", "95.00"),
                _line("Decking, 7/16 in OSB", "22", "sheets", "68.50"),
                _line("Class 4 architectural shingles", "16", "sq", "168.00", taxed=True, about=_SHINGLES),
                _line("Ice & water shield", "4", "rolls", "89.00", taxed=True, about=_ICE),
                _line("Synthetic underlayment", "2", "rolls", "98.00", taxed=True),
                _line("Drip edge, pre-painted", "150", "ft", "2.35", taxed=True),
                _line("Ridge vent", "30", "ft", "9.50", taxed=True),
                _line("Installation", "14", "sq", "165.00"),
                _line("Skylight: new flashing kit", "1", "", "450.00"),
                _line("Permit, City and County of Denver", "1", "", "148.30"),
                _line("Disposal", "2", "tons", "96.00"),
                _line("Storm-season discount", "1", "", "-156.41"),
            ],
        },
    ),
    (
        20,
        2,
        {
            "customer_id": 4,
            "title": "Garage roof, 77 Mesa Road",
            "introduction": "A new roof for the detached garage, 6 squares.",
            "terms": TERMS,
            "lines": [
                _line("Tear-off, one layer, down to the deck", "6", "sq", "95.00"),
                _line("Architectural shingles", "7", "sq", "128.00"),
                _line("Installation", "6", "sq", "165.00"),
                _line("Disposal", "1", "ton", "96.00"),
            ],
        },
    ),
]

# (days ago, lead) of org 1.
LEADS: list[tuple[int, dict[str, Any]]] = [
    (21, {"name": "Priscilla Nguyen", "email": "priscilla.n@example.com", "phone": "+1 303 555 0151",
          "source": "Website", "note": "Leak over the kitchen after the storm; wants a visit this week.",
          "site_address": _address("3321 Vine Street", "Denver", "80205")}),
    (19, {"name": "Bob McAllister", "phone": "+1 720 555 0163", "source": "Phone",
          "note": "Hail claim approved, adjuster's report to come."}),
    (18, {"name": "Sunrise HOA", "email": "board@sunrisehoa.example", "source": "Referral",
          "note": "Eleven townhomes, wants phases.",
          "site_address": _address("8800 East Hampden Avenue", "Denver", "80231")}),
    (16, {"name": "Keisha Daniels", "email": "keisha.daniels@example.com", "source": "Google Ads"}),
    (14, {"name": "Paul & Ingrid Soderberg", "email": "soderbergs@example.com", "phone": "+1 303 555 0129",
          "source": "Neighbour of a job", "note": "Saw our crew next door on Elm."}),
    (12, {"name": "Luis Cárdenas", "phone": "+1 720 555 0194", "source": "Door hanger",
          "note": "Prefers Spanish."}),
    (9, {"name": "Wash Park Bakery", "email": "owner@washparkbakery.example", "phone": "+1 303 555 0177",
         "source": "Website", "note": "Flat roof, about 1,800 sq ft, ponding near the drain."}),
    (7, {"name": "Aiko Tanaka", "email": "aiko.tanaka@example.com", "source": "Yelp"}),
    (6, {"name": "Dwayne O'Neil", "email": "dwayne.oneil@example.com", "phone": "+1 303 555 0136",
         "source": "Insurance agent", "note": "State of the roof needed for a policy renewal."}),
    (4, {"name": "Fatima Al-Sayed", "email": "fatima.alsayed@example.com", "source": "Home show"}),
    (2, {"name": "Greg Lindqvist", "phone": "+1 720 555 0108", "source": "Google Ads",
         "note": "Asks for stone-coated steel only."}),
    (0, {"name": "Rosa Delgado", "email": "rosa.delgado@example.com", "phone": "+1 303 555 0199",
         "source": "Website", "note": "Skylight leaks in driving rain.",
         "site_address": _address("1422 South Pearl Street", "Denver", "80210")}),
]  # fmt: skip
