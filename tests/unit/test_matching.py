"""Who may be the same: scored by e-mail, phone, address and name; linked only when safe; never a silent twin."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.accounting.matching.scoring import (
    SUGGESTED,
    Candidate,
    Person,
    address_key,
    decide,
    email_key,
    keys,
    name_key,
    name_likeness,
    phone_key,
    rank,
    score,
)

ANN = Person("Ann O'Neil", None, "ann@example.com", "(303) 555-0142", "12 Elm Street", "80202")


def at(person: Person, qbo_id: str = "7", *, active: bool = True, job: bool = False) -> Candidate:
    return Candidate(qbo_id, person, active, job)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann O'Neil", "O’Neil, ANN"),
        ("Café Zoë", "cafe zoe"),
        ("Mr. Bob Smith", "Smith Bob (deleted)"),
        ("Smith Roofing, Inc.", "SMITH ROOFING"),
        ("Ann: O'Neil\t", "Ann ONeil (customer 2)"),
        ("Tom & Elena Hartley", "Elena and Tom Hartley"),
    ],
)
def test_names_written_otherwise_are_the_same(one: str, other: str) -> None:
    """Case, accents, curly quotes, commas, colons, tabs, titles, legal forms and QuickBooks' marks do not count."""
    assert name_key(one) == name_key(other)


def test_phones_and_addresses_written_otherwise_are_the_same() -> None:
    """Country codes, extensions and abbreviations do not count; half a number is none."""
    assert phone_key("+1 303.555.0142 ext. 9") == phone_key("(303) 555-0142")
    assert phone_key("555") == ""
    assert address_key("12 Elm St.", "80202-1234") == address_key("12 ELM Street", "80202")
    assert address_key("Elm Street", "80202") == ""
    assert email_key(" Ann@Example.COM ") == "ann@example.com"
    assert email_key("none") == ""


@pytest.mark.parametrize(
    ("theirs", "way"),
    [
        (ANN, "link"),
        (Person("Ann ONeil", email="ann@example.com"), "link"),
        (Person("ann oneil", phone="303-555-0142"), "link"),
        (Person("Ann O'Neil"), "ask"),  # a name alone is many people's
        (Person("Ann O'Neil", email="other@example.com", phone="720 555 0000"), "ask"),
        (Person("Robert Berg", email="ann@example.com"), "ask"),  # one mailbox, two people
        (Person("Robert Berg", None, "ann@example.com", "3035550142"), "ask"),  # even with the phone
        (Person("Robert Berg", None, "bob@example.com"), "new"),
    ],
)
def test_what_is_safe_is_linked_and_what_is_not_is_asked(theirs: Person, way: str) -> None:
    """Two things must agree, the name among them; one alone is a question; nothing is a new customer."""
    ranked = rank(ANN, [at(theirs)])
    assert decide(ANN, ranked).way == way
    assert decide(ANN, ranked, "always_new").way == ("link" if way == "link" else "new")


def test_two_that_fit_are_a_question_and_so_is_a_job() -> None:
    """Twins in QuickBooks are not told apart by us; a sub-customer is never taken by itself."""
    twins = rank(ANN, [at(ANN), at(ANN, "8", active=False)])
    assert [one.qbo_id for one in twins] == ["7", "8"]
    assert decide(ANN, twins).way == "ask"
    assert decide(ANN, rank(ANN, [at(ANN, job=True)])).way == "ask"


_NAME = st.text(alphabet="abcAB '’.,:é\t&1", max_size=20) | st.just("x" * 600)
_PERSON = st.builds(
    Person, _NAME, st.none() | _NAME, st.none() | st.sampled_from(["a@b.c", "d@e.f", "x"]),
    st.none() | st.sampled_from(["303 555 0142", "+13035550142", "7"]),
    st.none() | st.sampled_from(["12 Elm St", "12 Elm Street", "9 Oak"]), st.none() | st.sampled_from(["80202", "9"]),
)  # fmt: skip
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(_PERSON, st.lists(_PERSON, max_size=5), st.randoms())
def test_the_order_of_candidates_does_not_count(ours: Person, people: list[Person], random) -> None:
    """Ranking and decision are the same however QuickBooks lists them; points lie between 0 and 100."""
    found = [at(one, str(i)) for i, one in enumerate(people)]
    ranked = rank(ours, found)
    random.shuffle(found)
    assert rank(ours, found) == ranked
    assert all(SUGGESTED <= one.score <= 100 for one in ranked)


@FEW
@given(_PERSON, _PERSON)
def test_agreeing_more_never_counts_less(ours: Person, theirs: Person) -> None:
    """Scoring is symmetric, taking over one's e-mail, phone or name never lowers it, and normalising twice is once."""
    points = score(ours, at(theirs)).score
    assert points == score(theirs, at(ours)).score
    nearer = [replace(theirs, name=ours.name, company=ours.company)]
    nearer += [replace(theirs, email=ours.email)] if ours.email else []
    nearer += [replace(theirs, phone=ours.phone)] if ours.phone else []
    assert all(score(ours, at(one)).score >= points for one in nearer)
    assert name_key(name_key(ours.name)) == name_key(ours.name)
    assert 0 <= name_likeness(ours, theirs) <= 1


@FEW
@given(_PERSON, _PERSON)
def test_nobody_worth_asking_about_is_missed(ours: Person, theirs: Person) -> None:
    """Whoever fits by e-mail, phone, address or the very name shares a key, so that the directory finds him."""
    reasons = set(score(ours, at(theirs)).reasons)
    if reasons & {"same e-mail", "same phone", "same address", "same name"}:
        assert set(keys(ours)) & set(keys(theirs))
