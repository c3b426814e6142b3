"""The form as a page of its own: works without JavaScript, in English and Spanish, in the company's colour."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from crm.customers.lead_form import FormOfCompany
from crm.kit import clock
from crm.kit.contrast import readable_on_dark, readable_on_light

ACCENT = "#1d5aa8"
FIELDS = ("name", "email", "phone", "street", "city", "postal_code", "message")

_TEXTS = {
    "en": {
        "heading": "Ask {company} for an estimate",
        "name": "Your name",
        "email": "E-mail",
        "phone": "Phone",
        "either": "An e-mail address or a phone number is enough.",
        "street": "Street of the job",
        "city": "City",
        "postal_code": "ZIP code",
        "message": "What can we do for you?",
        "send": "Send",
        "done": "Thank you",
        "thanks": "Your message is with {company}. We will get back to you soon.",
        "wrong": "Please look at what is marked.",
        "back": "Back to {company}",
        "trap": "Leave this empty",
        "call": "You can also call us:",
        "many": "This form was sent very often just now. Please try again in a few minutes.",
    },
    "es": {
        "heading": "Pida un presupuesto a {company}",
        "name": "Su nombre",
        "email": "Correo electrónico",
        "phone": "Teléfono",
        "either": "Basta con un correo electrónico o un teléfono.",
        "street": "Calle de la obra",
        "city": "Ciudad",
        "postal_code": "Código postal",
        "message": "¿En qué podemos ayudarle?",
        "send": "Enviar",
        "done": "Gracias",
        "thanks": "{company} ha recibido su mensaje. Le responderemos pronto.",
        "wrong": "Por favor revise lo que está marcado.",
        "back": "Volver a {company}",
        "trap": "Deje esto vacío",
        "call": "También puede llamarnos:",
        "many": "Este formulario se ha enviado muchas veces. Inténtelo de nuevo en unos minutos.",
    },
}
_KIND = {
    "email": 'type="email" autocomplete="email" inputmode="email"',
    "phone": 'type="tel" autocomplete="tel"',
}
_COMPLETE = {
    "name": "name",
    "street": "street-address",
    "city": "address-level2",
    "postal_code": "postal-code",
}
_LONGEST = {"name": 200, "email": 254, "phone": 40, "street": 200, "city": 100, "postal_code": 20}

_PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>
body{{font:16px/1.5 system-ui,sans-serif;color:#171a20;background:#f6f7f9;margin:0}}
main{{max-width:34rem;margin:0 auto;padding:2rem 1.25rem 4rem}}
h1{{font-size:1.5rem;line-height:1.25;margin:.25rem 0 1.5rem}}
.company{{font-weight:650;margin:0}}
form,.done{{background:#fff;border:1px solid #e3e6eb;border-radius:.75rem;padding:1.25rem}}
label{{display:block;font-weight:550;margin:1rem 0 .25rem}}
label:first-of-type{{margin-top:0}}
input,textarea{{font:inherit;width:100%;box-sizing:border-box;padding:.625rem .75rem;min-height:44px;
border:1px solid #8a929e;border-radius:.5rem;background:#fff;color:inherit}}
input[aria-invalid],textarea[aria-invalid]{{border-color:#b3261e;border-width:2px}}
.wrong{{color:#b3261e;margin:.25rem 0 0}}
.quiet{{color:#59616d;margin:.25rem 0 0;font-size:.875rem}}
.two{{display:grid;grid-template-columns:1fr 8rem;gap:.75rem}}
.two label{{margin-top:1rem}}
button{{font:inherit;font-weight:600;min-height:48px;padding:.5rem 2rem;margin-top:1.25rem;border:0;
border-radius:.5rem;background:{color};color:#fff;cursor:pointer}}
:focus-visible{{outline:3px solid {color};outline-offset:2px}}
.trap{{position:absolute;left:-9999px;width:1px;height:1px;overflow:hidden}}
a{{color:{color}}}
@media (prefers-color-scheme:dark){{
body{{color:#e8eaee;background:#14171c}}
form,.done{{background:#1c2027;border-color:#343a44}}
input,textarea{{background:#14171c;border-color:#7b8492}}
input[aria-invalid],textarea[aria-invalid]{{border-color:#f2887f}}
.wrong{{color:#f2887f}}
.quiet{{color:#a7afbb}}
:focus-visible{{outline-color:{color_dark}}}
a{{color:{color_dark}}}
}}
</style></head><body><main><p class="company">{company}</p>{body}</main></body></html>"""


def language_of(form: FormOfCompany, wanted: str | None) -> str:
    """What the visitor asked for, else what the company speaks."""
    return wanted if wanted in _TEXTS else form.language if form.language in _TEXTS else "en"


def form_page(
    form: FormOfCompany, language: str, values: Mapping[str, str], errors: Mapping[str, str]
) -> str:
    """The form, with what was typed and what is wrong about it; `errors` by field, "" for the whole."""
    texts = _texts(form, language)
    heading = escape(form.heading or texts["heading"])
    whole = errors.get("") or (texts["wrong"] if errors else "")
    said = f'<p class="wrong" role="alert">{escape(whole)}</p>' if whole else ""
    fields = {name: _field(name, texts, values.get(name, ""), errors.get(name)) for name in FIELDS}
    body = (
        f"<h1>{heading}</h1>{said}"
        f'<form method="post" action="?lang={language}">{fields["name"]}{fields["email"]}{fields["phone"]}'
        f'<p class="quiet">{escape(texts["either"])}</p>{fields["street"]}'
        f'<div class="two"><div>{fields["city"]}</div><div>{fields["postal_code"]}</div></div>{fields["message"]}'
        f'<p class="trap" aria-hidden="true"><label for="company_url">{escape(texts["trap"])}</label>'
        '<input id="company_url" name="company_url" tabindex="-1" autocomplete="off"></p>'
        f'<input type="hidden" name="shown_at" value="{int(clock.now().timestamp())}">'
        f"<button>{escape(texts['send'])}</button></form>{_call(form, texts)}"
    )
    return _page(form, language, form.heading or texts["heading"], body)


def _field(name: str, texts: Mapping[str, str], value: str, wrong: str | None) -> str:
    marks = f' aria-invalid="true" aria-describedby="{name}-wrong"' if wrong else ""
    after = f'<p class="wrong" id="{name}-wrong">{escape(wrong)}</p>' if wrong else ""
    label = f'<label for="{name}">{escape(texts[name])}</label>'
    if name == "message":
        field = f'<textarea id="message" name="message" rows="5" maxlength="4000"{marks}>{escape(value)}</textarea>'
    else:
        kind = _KIND.get(name) or f'autocomplete="{_COMPLETE[name]}"'
        needed = " required" if name == "name" else ""
        field = (
            f'<input id="{name}" name="{name}" {kind} maxlength="{_LONGEST[name]}"{needed}{marks} '
            f'value="{escape(value)}">'
        )
    return label + field + after


def thanks_page(form: FormOfCompany, language: str) -> str:
    texts = _texts(form, language)
    words = escape(form.thanks or texts["thanks"]).replace("\n", "<br>")
    back = ""
    if form.website:
        back = f'<p><a href="{escape(form.website)}">{escape(texts["back"])}</a></p>'
    body = f'<h1>{escape(texts["done"])}</h1><div class="done" role="status"><p>{words}</p>{back}</div>'
    return _page(form, language, texts["done"], body + _call(form, texts))


def too_many_page(form: FormOfCompany, language: str) -> str:
    texts = _texts(form, language)
    body = f"<h1>{escape(texts['many'])}</h1>{_call(form, texts)}"
    return _page(form, language, form.company, body)


def _call(form: FormOfCompany, texts: Mapping[str, str]) -> str:
    if not form.phone:
        return ""
    number = escape(form.phone)
    return f'<p class="quiet">{escape(texts["call"])} <a href="tel:{number}">{number}</a></p>'


def _texts(form: FormOfCompany, language: str) -> dict[str, str]:
    return {name: words.replace("{company}", form.company) for name, words in _TEXTS[language].items()}


def _page(form: FormOfCompany, language: str, title: str, body: str) -> str:
    return _PAGE.format(
        language=language,
        title=escape(title),
        company=escape(form.company),
        color=readable_on_light(form.color or ACCENT).nearest,
        color_dark=readable_on_dark(form.color or ACCENT).nearest,
        body=body,
    )


def snippet(address: str, company: str) -> str:
    """What a company pastes into its own page: a plain form that sends to us; it takes on that page's look."""
    return f"""<form method="post" action="{escape(address)}">
  <p><label>Your name<br><input name="name" required maxlength="200" autocomplete="name"></label></p>
  <p><label>E-mail<br><input name="email" type="email" maxlength="254" autocomplete="email"></label></p>
  <p><label>Phone<br><input name="phone" type="tel" maxlength="40" autocomplete="tel"></label></p>
  <p><label>Street of the job<br><input name="street" maxlength="200" autocomplete="street-address"></label></p>
  <p><label>City<br><input name="city" maxlength="100" autocomplete="address-level2"></label></p>
  <p><label>ZIP code<br><input name="postal_code" maxlength="20" autocomplete="postal-code"></label></p>
  <p><label>What can we do for you?<br><textarea name="message" rows="5" maxlength="4000"></textarea></label></p>
  <p style="position:absolute;left:-9999px" aria-hidden="true"><label>Leave this empty
    <input name="company_url" tabindex="-1" autocomplete="off"></label></p>
  <p><button>Ask {escape(company)} for an estimate</button></p>
</form>"""
