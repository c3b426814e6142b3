"""Whatever colour a company chooses, the shades proposed for it can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.kit.contrast import (
    CONTRAST_MIN,
    DARK_PAGE,
    LIGHT_PAGE,
    contrast,
    readable_on_dark,
    readable_on_light,
)

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(color=colors)
def test_the_nearest_shade_passes(color: str):
    """On white and on the dark page the shade reaches 4.5 to 1, and a colour that passes is left as it is."""
    light, dark = readable_on_light(color), readable_on_dark(color)
    assert contrast(light.nearest, LIGHT_PAGE) >= CONTRAST_MIN
    assert contrast(dark.nearest, DARK_PAGE) >= CONTRAST_MIN
    assert light.passes is (light.nearest == color)
    assert dark.passes is (dark.nearest == color)


def test_contrast_is_measured_as_wcag_does():
    """Black on white is 21, the well-known grey 4.54, a colour on itself 1."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#1f5fae", "#1f5fae") == 1


def test_what_is_no_colour_is_refused():
    """A name or a short form is not guessed at."""
    with pytest.raises(ValueError, match="is not a colour"):
        contrast("blue", "#ffffff")
