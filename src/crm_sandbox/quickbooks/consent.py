"""The page on which a person lets an app into the books: a plain form, one POST says yes or no."""

from html import escape

from crm_sandbox.quickbooks.company import Company

_STYLE = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#5b6b7a;--line:#d9e0e6;--paper:#fff;--ground:#f3f6f8;--go:#1f7a33}
@media(prefers-color-scheme:dark){:root{--ink:#e8eef3;--soft:#9fb0bf;--line:#2f3b46;--paper:#18212a;--ground:#0f151b;--go:#3fa858}}
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;display:grid;min-height:100vh;place-items:center;padding:16px}
main{background:var(--paper);border:1px solid var(--line);border-radius:12px;max-width:460px;width:100%;padding:28px}
h1{font-size:22px;margin:12px 0 8px}p,li{color:var(--soft)}ul{padding-left:20px}
.mark{display:inline-block;background:#7a5b00;color:#fff;border-radius:999px;padding:2px 12px;font-size:13px}
label{display:block;font-weight:600;margin:20px 0 6px}select{width:100%;font:inherit;padding:10px;border-radius:8px;
border:1px solid var(--line);background:var(--paper);color:var(--ink)}
.row{display:flex;gap:12px;margin-top:24px}button{flex:1;min-height:46px;font:inherit;font-weight:600;border-radius:8px;
border:1px solid var(--line);background:transparent;color:var(--ink);cursor:pointer}
button.yes{background:var(--go);border-color:var(--go);color:#fff}button:focus-visible{outline:3px solid #4a90d9}
code{font-size:13px;word-break:break-all}
"""


def consent_page(parameters: dict[str, str], companies: list[Company], chosen: str) -> str:
    """The form; `parameters` are those of the authorize request and ride along in hidden fields."""
    hidden = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
        for name, value in parameters.items()
    )
    wishes = "".join(f"<li>{text}</li>" for text in _wishes(parameters["scope"]))
    options = "".join(
        f'<option value="{escape(company.realm_id)}"{" selected" if company.realm_id == chosen else ""}>'
        f"{escape(company.settings.company_name)} ({escape(company.realm_id)})</option>"
        for company in companies
    )
    return _page(
        "Connect an app to QuickBooks",
        f"""<p class="mark">Simulator: no real QuickBooks account</p>
<h1>Let this app into your books?</h1>
<p>The app <code>{escape(parameters["client_id"])}</code> asks to</p>
<ul>{wishes}</ul>
<p>Afterwards you go back to <code>{escape(parameters["redirect_uri"])}</code>.</p>
<form method="post" action="/connect/oauth2">{hidden}
<label for="realm_id">Company</label><select id="realm_id" name="realm_id">{options}</select>
<div class="row"><button name="decision" value="deny">No, go back</button>
<button class="yes" name="decision" value="approve">Connect</button></div></form>""",
    )


def _wishes(scope: str) -> list[str]:
    scopes = scope.split()
    known = {
        "com.intuit.quickbooks.accounting": "read and write accounting data (customers, invoices, payments)",
        "com.intuit.quickbooks.payment": "charge cards and bank accounts",
    }
    wishes = [text for name, text in known.items() if name in scopes]
    about = [name for name in ("profile", "email", "phone", "address") if name in scopes]
    if "openid" in scopes:
        wishes.append("know who you are" + (f" ({', '.join(about)})" if about else ""))
    return wishes


def error_page(text: str) -> str:
    """What Intuit shows instead of sending the person back to an address that it does not trust."""
    return _page(
        "Something is wrong with this request",
        '<p class="mark">Simulator: no real QuickBooks account</p>'
        f"<h1>The app asked in a way that cannot be answered</h1><p>{escape(text)}</p>",
    )


def _page(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body><main>{body}</main></body></html>"
    )
