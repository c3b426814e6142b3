"""Takes tokens, codes and card numbers out of what is shown to people, and leaves enough to tell them apart."""

import re

HEAD = 6
"""How many characters stay: `sk_tes`, `eyJhbG`, `RT1-ab` tell what it was, and no more."""

_JSON_NAMES = r"access_token|refresh_token|id_token|token|client_secret|secret|x_refresh_token"
_FORM_NAMES = (
    r"access_token|refresh_token|id_token|token|client_secret|code|card\[number\]|card\[cvc\]"
    r"|card%5Bnumber%5D|card%5Bcvc%5D|payment_method_data\[card\]\[(?:number|cvc)\]|card_number|card_cvc"
)
_JSON = re.compile(rf'("(?:{_JSON_NAMES})"\s*:\s*")([^"]*)')
_FORM = re.compile(rf"((?:^|[&?\s])(?:{_FORM_NAMES})=)([^&\s]*)")
_HEADERS_WITH_ADDRESS = frozenset({"location"})


def hide_in_text(text: str) -> str:
    """The text with the values of secret fields cut short, in JSON and in forms."""
    if '"' in text:
        text = _JSON.sub(_shortened, text)
    if "=" in text:
        text = _FORM.sub(_shortened, text)
    return text


def hide_in_header(name: str, value: str) -> str:
    """The value of a header: credentials cut short, an address without its code, all others as they are."""
    name = name.lower()
    if name == "authorization":
        scheme, _, rest = value.partition(" ")
        return f"{scheme} {short(rest)}"
    if name in ("cookie", "set-cookie"):
        return short(value)
    return hide_in_text(value) if name in _HEADERS_WITH_ADDRESS else value


def short(secret: str) -> str:
    """The first characters of a long secret; nothing of a short one."""
    return f"{secret[:HEAD]}…(hidden)" if len(secret) > 2 * HEAD else "…(hidden)"


def _shortened(found: re.Match[str]) -> str:
    return found[1] + (short(found[2]) if found[2] else "")
