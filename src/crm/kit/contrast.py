"""A company's colour made readable: how strongly it stands out, and the nearest shade that does so enough.

The same rule and pages as the front end's `look/accent.ts`, for papers, mails and the API.
"""

from __future__ import annotations

from dataclasses import dataclass

LIGHT_PAGE = "#ffffff"
DARK_PAGE = "#1c2027"
# WCAG 2.2, 1.4.3 (AA): text of ordinary size.
CONTRAST_MIN = 4.5
_STEPS = 100

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Readable:
    """A colour on one page: its contrast (1 to 21), whether AA holds, and the nearest shade with which it does."""

    contrast: float
    passes: bool
    nearest: str


def readable_on_light(color: str) -> Readable:
    """For text on white paper, and for white text on the colour. `color` is #rrggbb; raises ValueError."""
    return _readable(color, LIGHT_PAGE, towards=(0, 0, 0))


def readable_on_dark(color: str) -> Readable:
    """For text on the dark page. `color` is #rrggbb; raises ValueError."""
    return _readable(color, DARK_PAGE, towards=(255, 255, 255))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(_parse(one)), _luminance(_parse(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _readable(color: str, page: str, *, towards: Rgb) -> Readable:
    """Black on white and white on the dark page pass, so one of the steps does."""
    found = contrast(color, page)
    shades = (_mixed(_parse(color), towards, step / _STEPS) for step in range(_STEPS + 1))
    nearest = next(shade for shade in shades if contrast(shade, page) >= CONTRAST_MIN)
    return Readable(round(found, 2), found >= CONTRAST_MIN, nearest)


def _mixed(color: Rgb, towards: Rgb, share: float) -> str:
    parts = (round(part + (end - part) * share) for part, end in zip(color, towards, strict=True))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _parse(color: str) -> Rgb:
    if len(color) != 7 or color[0] != "#":
        raise ValueError(f"{color!r} is not a colour like #1f5fae")
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _luminance(color: Rgb) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in color)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
