"""The HTML of the hosted payment page: no script, nothing loaded from elsewhere, plainly a simulator."""

from __future__ import annotations

from html import escape

from crm_sandbox.stripe.money import format_amount
from crm_sandbox.stripe.shapes import StripeObject

_STYLE = """
:root{--ink:#1a1f36;--soft:#5b6478;--line:#d5dbe4;--page:#f6f8fb;--card:#fff;--go:#2456d6;--bad:#b3261e;
--mark:#fff3cd}
@media (prefers-color-scheme:dark){:root{--ink:#eef1f7;--soft:#a9b2c3;--line:#3a4254;--page:#11151f;
--card:#1a202d;--go:#5b86f5;--bad:#ff8a80;--mark:#4a3f14}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
.mark{background:var(--mark);text-align:center;padding:8px 16px;font-size:14px}
main{max-width:880px;margin:0 auto;padding:24px 16px 48px;display:grid;gap:24px}
@media (min-width:760px){main.two{grid-template-columns:1fr 1fr;padding-top:56px}}
h1{font-size:16px;font-weight:500;color:var(--soft);margin:0}
.total{font-size:40px;font-weight:650;letter-spacing:-.02em;margin:4px 0 20px;
font-variant-numeric:tabular-nums}
.lines{list-style:none;margin:0;padding:0}.lines li{display:flex;justify-content:space-between;gap:16px;
padding:8px 0;border-top:1px solid var(--line)}
.lines b{font-weight:500;font-variant-numeric:tabular-nums;white-space:nowrap}
.soft{color:var(--soft);font-size:14px}a{color:var(--go)}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:20px}
label{display:block;font-size:14px;font-weight:500;margin:14px 0 4px}
input,select{width:100%;min-height:44px;padding:8px 12px;font:inherit;color:inherit;background:var(--page);
border:1px solid var(--line);border-radius:8px}
input[type=radio]{width:20px;min-height:20px;margin:2px 10px 0 0}
.choice{display:flex;align-items:flex-start;font-weight:400;font-size:16px;padding:6px 0}
.row{display:grid;grid-template-columns:1fr 1fr;gap:12px}
:focus-visible{outline:3px solid var(--go);outline-offset:1px}
button,.button{display:block;width:100%;min-height:48px;margin-top:20px;border:0;border-radius:8px;background:var(--go);
color:#fff;font:inherit;font-weight:600;text-align:center;text-decoration:none;line-height:48px;cursor:pointer}
@media (prefers-color-scheme:dark){button,.button{color:#0b1020}}
button.quiet{background:transparent;color:var(--go);border:1px solid var(--line)}
.error{border-left:4px solid var(--bad);color:var(--bad);padding:8px 12px;margin:0 0 12px}
nav{display:flex;gap:8px;margin-bottom:8px}nav a{flex:1;text-align:center;padding:10px;
border:1px solid var(--line);border-radius:8px;text-decoration:none;color:inherit}nav a[aria-current]{border-color:var(--go);
box-shadow:inset 0 0 0 1px var(--go);font-weight:600}
details{margin-top:16px;font-size:14px}td{padding:2px 12px 2px 0;font-variant-numeric:tabular-nums}
"""
_METHOD_NAMES = {"card": "Card", "us_bank_account": "Bank account", "sepa_debit": "SEPA Direct Debit"}
_CARD_HINTS = (
    ("4242 4242 4242 4242", "pays"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 9995", "has insufficient funds"),
    ("4000 0025 0000 3155", "asks for authentication"),
    ("4000 0000 0000 0259", "pays, then is disputed"),
    ("4000 0000 0000 5126", "pays; a refund fails later"),
)


def payment_html(
    session: StripeObject, items: list[StripeObject], method: str, form: dict[str, str], error: str | None
) -> str:
    """The page of an open session; `form` is what was typed before, `error` what was wrong with it."""
    currency = session["currency"]
    total = format_amount(session["amount_total"], currency)
    lines = "".join(
        f"<li><span>{escape(item['description'] or '')}"
        + (f" <span class=soft>× {item['quantity']}</span>" if item["quantity"] > 1 else "")
        + f"</span><b>{escape(format_amount(item['amount_total'], currency))}</b></li>"
        for item in items
    )
    cancel = session["cancel_url"]
    back = f'<p><a id="cancel" href="{escape(cancel)}">← Cancel and go back</a></p>' if cancel else ""
    problem = f'<p class="error" role="alert" id="error">{escape(error)}</p>' if error else ""
    return _document(
        f"Pay {total}",
        f"""<main class="two"><section aria-label="What you pay for">{back}<h1>Pay</h1>
<div class="total" id="total">{escape(total)}</div><ul class="lines">{lines}</ul></section>
<section class="card" aria-label="How you pay">{problem}{_tabs(session, method)}
<form method="post" action="/c/pay/{escape(session["id"])}" autocomplete="off">
{_email(session, form)}{_fields(session, method, form)}
<button type="submit" id="pay">{_button(session, total)}</button></form>
{_hints(session, method)}</section></main>""",
    )


def authentication_html(session: StripeObject) -> str:
    """The bank's page between the form and the payment (3-D Secure)."""
    total = escape(format_amount(session["amount_total"], session["currency"]))
    return _document(
        "Confirm your payment",
        f"""<main><section class="card"><h1>Your bank asks</h1>
<p>Did you make this payment of <b>{total}</b>?</p>
<form method="post" action="/c/pay/{escape(session["id"])}/authenticate">
<button type="submit" name="result" value="complete" id="complete">Complete authentication</button>
<button type="submit" name="result" value="fail" class="quiet" id="fail">Fail authentication</button>
</form></section></main>""",
    )


def receipt_html(charge: StripeObject) -> str:
    """The receipt that a charge's `receipt_url` points to."""
    total = format_amount(charge["amount"], charge["currency"])
    back = charge["amount_refunded"]
    refunded = f"<p>Refunded: {escape(format_amount(back, charge['currency']))}</p>" if back else ""
    return _document(
        f"Receipt for {total}",
        f"""<main><section class="card"><h1>Receipt</h1><div class="total">{escape(total)}</div>{refunded}
<p class="soft">{escape(charge["id"])}<br>{escape(charge["description"] or "")}</p></section></main>""",
    )


def closed_html(title: str, text: str, link: str | None = None) -> str:
    """A page for a session that cannot be paid: paid already, expired or unknown."""
    onward = f'<a class="button" href="{escape(link)}">Go back</a>' if link else ""
    return _document(
        title,
        f'<main><section class="card"><h2 id="closed">{escape(title)}</h2><p>{escape(text)}</p>{onward}'
        "</section></main>",
    )


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{_STYLE}</style></head><body>'
        '<div class="mark">Payment simulator. No real card is charged, no money moves.</div>'
        f"{body}</body></html>"
    )


def _tabs(session: StripeObject, method: str) -> str:
    methods = session["payment_method_types"]
    if len(methods) < 2 or session["payment_status"] == "no_payment_required":
        return ""
    links = "".join(
        f'<a id="tab-{name}" href="?method={name}"{" aria-current=true" if name == method else ""}>'
        f"{_METHOD_NAMES[name]}</a>"
        for name in methods
    )
    return f'<nav aria-label="Payment method">{links}</nav>'


def _email(session: StripeObject, form: dict[str, str]) -> str:
    if session["customer_email"]:
        return f'<p class="soft">Receipt goes to {escape(session["customer_email"])}</p>'
    value = escape(form.get("email", ""))
    optional = "" if not session["customer"] else ' placeholder="the address on file"'
    required = "" if session["customer"] else " required"
    return (
        '<label for="email">Email</label>'
        f'<input id="email" name="email" type="email" value="{value}"{optional}{required}>'
    )


def _fields(session: StripeObject, method: str, form: dict[str, str]) -> str:
    if session["payment_status"] == "no_payment_required":
        return ""

    def value(name: str) -> str:
        return escape(form.get(name, ""))

    if method != "card":
        choices = "".join(
            f'<label class="choice"><input type="radio" name="bank_outcome" value="{key}" id="bank-{key}"'
            f"{' checked' if form.get('bank_outcome', 'clears') == key else ''}><span>{text}</span></label>"
            for key, text in (
                ("clears", "Test bank: the debit will clear"),
                ("fails", "Test bank: the debit will fail"),
                ("disputed", "Test bank: clears, then is disputed"),
            )
        )
        return f"""<input type="hidden" name="method" value="{method}">
<label for="account_name">Account holder</label>
<input id="account_name" name="account_name" value="{value("account_name")}" required>
<fieldset style="border:0;padding:0;margin:14px 0 0"><legend class="soft">Bank account</legend>
{choices}</fieldset>
<p class="soft">A bank transfer takes up to 4 business days; here a few seconds.</p>"""
    return f"""<input type="hidden" name="method" value="card">
<label for="card_number">Card number</label>
<input id="card_number" name="card_number" inputmode="numeric" placeholder="4242 4242 4242 4242"
 maxlength="23" required>
<div class="row"><div><label for="card_expiry">Expiry</label>
<input id="card_expiry" name="card_expiry" inputmode="numeric" placeholder="MM / YY" maxlength="9"
 value="{value("card_expiry")}" required></div>
<div><label for="card_cvc">CVC</label>
<input id="card_cvc" name="card_cvc" inputmode="numeric" placeholder="123" maxlength="4" required></div></div>
<label for="card_name">Name on card</label>
<input id="card_name" name="card_name" value="{value("card_name")}" required>
<label for="postal_code">ZIP</label>
<input id="postal_code" name="postal_code" value="{value("postal_code")}" maxlength="12">"""


def _button(session: StripeObject, total: str) -> str:
    if session["payment_status"] == "no_payment_required":
        return "Complete"
    return f"Pay {escape(total)}"


def _hints(session: StripeObject, method: str) -> str:
    if method != "card" or session["payment_status"] == "no_payment_required":
        return ""
    rows = "".join(f"<tr><td>{number}</td><td>{text}</td></tr>" for number, text in _CARD_HINTS)
    return f"<details><summary>Test cards</summary><table>{rows}</table>Any later expiry, any CVC.</details>"
