"""What QuickBooks was recorded to answer, the simulator answers too; where not, there is a reason for it."""

from functools import cache

import pytest
from tests.sandbox.quickbooks_world import RECORDINGS
from tests.sandbox.recordings import folder
from tests.sandbox.recordings.differences import KNOWN, reason
from tests.sandbox.recordings.outcome import Outcome
from tests.sandbox.recordings.table import PAGE, outcomes_of_all, rendered

pytestmark = pytest.mark.skipif(not RECORDINGS.exists(), reason="the recordings are not on this machine")


@cache
def outcomes() -> dict[str, list[Outcome]]:
    """Every file played once."""
    return outcomes_of_all()


def test_every_file_is_played_or_has_a_reason_not_to_be():
    """A recording that is new in the folder and nobody's fails here; so does a reason for a file that is gone."""
    unassigned = set(folder.all_files()) - set(folder.played_files())
    assert [name for name in unassigned if folder.reason_not_played(name) is None] == []
    given = [pattern for pattern, _ in (*folder.NOT_PLAYED, *folder.OTHER_TESTS)]
    assert [one for one in given if not any(folder.matches(one, name) for name in folder.all_files())] == []


@pytest.mark.parametrize("name", folder.played_files() if RECORDINGS.exists() else [])
def test_the_simulator_answers_as_recorded(name: str):
    """Status, headers, keys, types, codes and values are those of the recording, or the difference is known."""
    found = outcomes()[name]
    assert sum(one.comparison.paths for one in found) > 0
    unknown = {
        (one.request, difference)
        for one in found
        for difference in one.differences
        if reason(name, difference) is None
    }
    assert not unknown


def test_every_known_difference_still_occurs():
    """A reason whose difference was mended is to be taken out."""
    every = [
        (name, found) for name, all_of in outcomes().items() for one in all_of for found in one.differences
    ]
    assert [known for known in KNOWN if not any(known.covers(*one) for one in every)] == []


def test_the_table_in_the_docs_is_current():
    """`make sandbox-recordings` writes it again."""
    assert PAGE.read_text() == rendered(outcomes())
