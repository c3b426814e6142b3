"""Makes a mail of a text and its figures: plain text and HTML of the same content. Pure.

HTML is made from the plain text alone, every part escaped, so no field can bring markup of its own. Styles stand
in the tags because mail programs drop style sheets; there is no picture, so nothing is missing without them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from crm.kit.errors import Invalid
from crm.notifications.kinds import Kind, words_of
from crm.notifications.texts import FOOTERS, LABELS, ROWS, STANDARD, Wording

SUBJECT_LENGTH_MAX = 200
STANDARD_COLOR = "#1f5fae"
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the text: the company, its colour, the button's address, the way out of reminders."""

    company: str
    color: str | None = None
    contact: tuple[str, ...] = ()
    url: str | None = None
    unsubscribe_url: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def compose(
    kind: Kind, audience: str, language: str, wording: Wording, values: dict[str, str], frame: Frame
) -> Letter:
    """The mail. `values` are plain texts by placeholder; a missing one is blank."""
    subject = one_line(fill(wording.subject, values))[:SUBJECT_LENGTH_MAX]
    paragraphs = [
        fill(part, values).strip() for part in wording.body.split("\n\n") if not _says_nothing(part, values)
    ]
    labels = LABELS[language]
    rows = [(labels[name], values[name]) for name in ROWS.get(kind, ()) if values.get(name)]
    button = one_line(fill(wording.button, values))
    footer = [FOOTERS[language][audience].format(company=frame.company), *frame.contact]
    leave = FOOTERS[language]["unsubscribe"]
    return Letter(
        subject,
        _text(paragraphs, rows, button, footer, leave, frame),
        _html(subject, language, paragraphs, rows, button, footer, leave, frame),
    )


def wording_for(kind: Kind, language: str, own: tuple[str, str] | None) -> Wording:
    """The company's subject and body, or the standard ones; the button's word is always the standard one."""
    standard = STANDARD[language][kind]
    return standard if own is None else Wording(own[0], own[1], standard.button)


def check(kind: Kind, subject: str, body: str) -> None:
    """Raises Invalid for an empty text or a placeholder that this kind has not, naming those it has."""
    known = words_of(kind)
    for field, words in (("subject", subject), ("body", body)):
        if not words.strip():
            raise Invalid("Please fill this in.", field=field)
        for name in _PLACEHOLDER.findall(words):
            if name not in known:
                names = ", ".join(f"{{{one}}}" for one in known)
                raise Invalid(f"There is no {{{name}}} here. These can be used: {names}.", field=field)


def fill(words: str, values: dict[str, str]) -> str:
    """Puts the values in; what is filled in is not looked at again, so a value in braces stays as it is."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), words)


def one_line(words: str) -> str:
    """Without line breaks and control characters: what a header may hold."""
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())


def _says_nothing(paragraph: str, values: dict[str, str]) -> bool:
    names = _PLACEHOLDER.findall(paragraph)
    return bool(names) and not any(values.get(name) for name in names)


def _text(
    paragraphs: list[str],
    rows: list[tuple[str, str]],
    button: str,
    footer: list[str],
    leave: str,
    frame: Frame,
) -> str:
    parts = list(paragraphs)
    if rows:
        parts.append("\n".join(f"{name}: {value}" for name, value in rows))
    if frame.url:
        parts.append(f"{button}:\n{frame.url}")
    parts.append("\n".join(["--", frame.company, *footer]))
    if frame.unsubscribe_url:
        parts.append(f"{leave}:\n{frame.unsubscribe_url}")
    return "\n\n".join(parts) + "\n"


def _html(
    subject: str,
    language: str,
    paragraphs: list[str],
    rows: list[tuple[str, str]],
    button: str,
    footer: list[str],
    leave: str,
    frame: Frame,
) -> str:
    color = frame.color if frame.color and re.fullmatch("#[0-9a-fA-F]{6}", frame.color) else STANDARD_COLOR
    said = "".join(
        f'<p style="margin:0 0 16px">{escape(part).replace(chr(10), "<br>")}</p>' for part in paragraphs
    )
    figures = "".join(
        f'<tr><th scope="row" class="quiet" style="text-align:left;font-weight:400;padding:6px 16px 6px 0;white-space:nowrap;'
        f'color:#5a6472">{escape(name)}</th><td style="text-align:right;padding:6px 0;font-weight:600;'
        f'font-variant-numeric:tabular-nums">{escape(value)}</td></tr>'
        for name, value in rows
    )
    table = f'<table style="width:100%;border-collapse:collapse;margin:0 0 24px">{figures}</table>'
    link = (
        f'<p style="margin:0 0 24px"><a href="{escape(frame.url)}" style="display:inline-block;padding:12px 24px;'
        f"border-radius:6px;background:{color};color:{_on(color)};text-decoration:none;font-weight:600"
        f'">{escape(button)}</a></p>'
        if frame.url
        else ""
    )
    out = (
        f'<br><a href="{escape(frame.unsubscribe_url)}" class="quiet" style="color:#5a6472">{escape(leave)}</a>'
        if frame.unsubscribe_url
        else ""
    )
    small = "<br>".join(escape(line) for line in [frame.company, *footer])
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{escape(subject)}</title>
<style>
@media (prefers-color-scheme: dark) {{
  body, .page {{ background: #14171b !important; }}
  .card {{ background: #1e2329 !important; color: #eceff3 !important; }}
  .quiet {{ color: #a9b3bf !important; }}
}}
</style>
</head>
<body style="margin:0;background:#f2f4f7">
<div class="page" style="padding:24px 12px;background:#f2f4f7">
<div class="card" style="max-width:560px;margin:0 auto;background:#ffffff;color:#1b2129;border-radius:8px;\
border-top:4px solid {color};padding:28px 24px;font:16px/1.5 -apple-system,'Segoe UI',Roboto,Arial,sans-serif">
<p style="margin:0 0 24px;font-size:18px;font-weight:700">{escape(frame.company)}</p>
{said}
{table if rows else ""}
{link}
<p class="quiet" style="margin:0;font-size:13px;color:#5a6472">{small}{out}</p>
</div>
</div>
</body>
</html>
"""


def _on(color: str) -> str:
    """Black or white, whichever is read better on `color` (WCAG 2.2, relative luminance)."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 else "#000000"
