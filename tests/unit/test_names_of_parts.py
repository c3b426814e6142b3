"""A payment has one name, whether a person reads it on the page, in a mail or on paper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from crm.notifications.composing import part_name as mailed
from crm.notifications.texts import LABELS
from crm.papers.words import part_name as printed
from crm.payments.tables import Payment

PORTAL = Path(__file__).parents[2] / "web" / "src" / "portal"
FILES = {"en": "english.ts", "es": "spanish.ts"}
NAMES = {"deposit": ("partDeposit", "Deposit"), "final": ("partFinal", "Final balance")}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("part", list(NAMES))
def test_page_mail_and_paper_call_it_the_same(language: str, part: str) -> None:
    """Nobody wonders whether the deposit of the mail is the payment of the page."""
    key, name = NAMES[part]
    shown = re.findall(rf'^  {key}: "([^"]+)"', (PORTAL / FILES[language]).read_text(), re.MULTILINE)
    on_paper = printed("es" if language == "es" else "en", name)
    assert shown == [on_paper] == [mailed(Payment(part=part, name=name), language)]
    assert part != "deposit" or LABELS[language]["deposit"] == on_paper
