"""How likely two people are the same: e-mail, phone, address and name, normalised, as points from 0 to 100. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Literal

from crm.gateways.quickbooks import INACTIVE_MARK

SAFE = 70  # from here on it is the same, provided that the names do not contradict and nobody else comes near
MARGIN = 20
SUGGESTED = 25  # below this nobody is asked
EXACT = 85  # name and e-mail, or name with two of the others: what a person takes over without thinking
SUGGESTIONS_MAX = 8
NAME_AGREES = 0.75

_POINTS = {"e-mail": (45, -10), "phone": (30, -5), "address": (25, -5)}
_TITLES = frozenset("mr mrs ms miss dr prof the and und y".split())
_FORMS = frozenset("inc llc ltd co corp corporation company gmbh lp llp".split())
_OURS = re.compile(r"(?: \([A-Z]{3}\))?(?: \(customer(?: \d)?\))?$")  # what we put behind names
_STREETS = {
    "street": "st",
    "avenue": "ave",
    "road": "rd",
    "drive": "dr",
    "lane": "ln",
    "court": "ct",
    "boulevard": "blvd",
}
NAME_LENGTH_MAX = 200  # of a longer one the rest adds nothing


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, here or in QuickBooks, by what tells people apart."""

    name: str
    company: str | None = None
    email: str | None = None
    phone: str | None = None
    street: str | None = None
    postal_code: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer in QuickBooks, with how well it fits and why, once scored."""

    qbo_id: str
    person: Person
    active: bool = True
    job: bool = False
    currency: str | None = None
    score: int = 0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    way: Literal["link", "ask", "new"]
    qbo_id: str | None = None


def rank(ours: Person, found: Sequence[Candidate]) -> list[Candidate]:
    """Everybody worth asking about, best first: by points, then active before inactive, then the older one."""
    scored = [scored_one for one in found if (scored_one := score(ours, one)).score >= SUGGESTED]
    scored.sort(key=lambda one: (-one.score, not one.active, one.job, len(one.qbo_id), one.qbo_id))
    return scored[:SUGGESTIONS_MAX]


def score(ours: Person, candidate: Candidate) -> Candidate:
    """The candidate with its points. Agreement adds, what both say and say otherwise takes away."""
    theirs = candidate.person
    likeness = name_likeness(ours, theirs)
    points = 40 if likeness == 1 else 32 if likeness >= 0.9 else 18 if likeness >= NAME_AGREES else 0
    reasons = ["same name" if likeness == 1 else "similar name"] if points else []
    pairs = {
        "e-mail": (email_key(ours.email), email_key(theirs.email)),
        "phone": (phone_key(ours.phone), phone_key(theirs.phone)),
        "address": (
            address_key(ours.street, ours.postal_code),
            address_key(theirs.street, theirs.postal_code),
        ),
    }
    for what, (mine, other) in pairs.items():
        agree, contradict = _POINTS[what]
        if mine and other:
            points += agree if mine == other else contradict
            reasons.append(f"same {what}" if mine == other else f"another {what}")
    return replace(candidate, score=max(0, min(100, points)), reasons=tuple(reasons))


def decide(ours: Person, ranked: Sequence[Candidate], unsure: str = "ask") -> Decision:
    """Links by itself only what is safe and alone in being so; asks when somebody may be meant; else it is new."""
    if not ranked:
        return Decision("new")
    best, *others = ranked
    alone = all(other.score <= best.score - MARGIN for other in others)
    agrees = name_likeness(ours, best.person) >= NAME_AGREES
    if best.score >= SAFE and alone and agrees and not best.job:
        return Decision("link", best.qbo_id)
    return Decision("new" if unsure == "always_new" else "ask")


def keys(person: Person) -> list[str]:
    """What this person may be found by in a large directory: any of them in common makes a candidate."""
    found = {
        ("e", email_key(person.email)),
        ("p", phone_key(person.phone)),
        ("a", address_key(person.street, person.postal_code)),
        *(("n", name_key(name)) for name in (person.name, person.company or "")),
        *(("w", word) for word in _words(person.name) if len(word) >= 4),
    }
    return sorted(f"{kind}:{value}" for kind, value in found if value)


def name_likeness(ours: Person, theirs: Person) -> float:
    """From 0 to 1, the best of person and company on both sides; the order of the words does not count."""
    return max(
        (
            _likeness(name_key(mine), name_key(other))
            for mine in (ours.name, ours.company or "")
            for other in (theirs.name, theirs.company or "")
        ),
        default=0.0,
    )


def _likeness(mine: str, other: str) -> float:
    if not mine or not other:
        return 0.0
    if mine == other:
        return 1.0
    some, more = sorted((set(mine.split()), set(other.split())), key=len)
    within = 0.8 if len(some) >= 2 and some <= more else 0.0  # "Tom Hartley" within "Elena and Tom Hartley"
    first, second = sorted((mine, other))  # the library's ratio depends on the order of its arguments
    return min(0.99, max(within, SequenceMatcher(None, first, second, autojunk=False).ratio()))


def name_key(name: str) -> str:
    """Lower case, without accents, punctuation, titles, legal forms and marks; the words in order of the alphabet."""
    return " ".join(sorted(_words(name)))


def _words(name: str) -> list[str]:
    plain = _OURS.sub("", name.strip().removesuffix(INACTIVE_MARK))[:NAME_LENGTH_MAX]
    folded = unicodedata.normalize("NFKD", plain.casefold()).replace("ß", "ss")
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    bare = re.sub(r"['’‘`´]", "", bare)
    words = re.findall(r"\w+", bare.replace("_", " "))
    kept = [word for word in words if word not in _TITLES and word not in _FORMS]
    return kept or words


def email_key(email: str | None) -> str:
    found = (email or "").strip().casefold()
    return found if "@" in found else ""


def phone_key(phone: str | None) -> str:
    """The last ten digits; an extension is cut off; fewer than seven digits are no phone number."""
    digits = re.sub(r"\D", "", re.split(r"(?i)\s*(?:ext|x|#)", phone or "", maxsplit=1)[0])
    return digits[-10:] if len(digits) >= 7 else ""


def address_key(street: str | None, postal_code: str | None) -> str:
    """House number and first word of the street with the postal code: what survives most ways of writing it."""
    code = re.sub(r"[^a-z0-9]", "", (postal_code or "").casefold())[:5]
    words = re.findall(r"[a-z0-9]+", (street or "").casefold())
    number = next((word for word in words if word[0].isdigit()), "")
    rest = [_STREETS.get(word, word) for word in words if word != number]
    return f"{code} {number} {rest[0]}" if code and number and rest else ""
