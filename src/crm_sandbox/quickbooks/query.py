"""Intuit's query language: SELECT ... FROM one entity WHERE ... AND ..., with its own escapes and limits.

Source: https://developer.intuit.com/app/developer/qbo/docs/learn/explore-the-quickbooks-online-api/data-queries
and the recordings. There is no OR, no join and no GROUP BY; a quote in a text is escaped with a backslash.
"""

import re
from dataclasses import dataclass
from decimal import Decimal

from crm_sandbox.quickbooks.company import Company
from crm_sandbox.quickbooks.comparing import Condition, all_hold
from crm_sandbox.quickbooks.currencies import rates_on
from crm_sandbox.quickbooks.entities import BY_PATH, QUERY_PATHS, Entity
from crm_sandbox.quickbooks.refusals import query_invalid, query_unparsable
from crm_sandbox.quickbooks.search import Search
from crm_sandbox.quickbooks.shapes import JsonObject

DEFAULT_PAGE = 100
MAX_PAGE = 1_000
MAX_QUERY_LENGTH = 50_000
_TOKENS = re.compile(
    r"""\s*(?:
      (?P<text>'(?:[^'\\]|\\.)*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w.]))
    | (?P<word>[A-Za-z_][\w.]*)
    | (?P<sign><=|>=|=|<|>|\*|,|\(|\)|;)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One word of the query with its place (column from 1), for the error texts."""

    kind: str
    text: str
    column: int


@dataclass(frozen=True)
class Query:
    """A parsed query; `fields` is empty for `*`."""

    entity_name: str
    fields: tuple[str, ...]
    counting: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[str, bool], ...]
    start: int
    page: int


def run(company: Company, text: str) -> JsonObject:
    """The QueryResponse for a query; raises Refused 4000 or 4001."""
    query = parse(text, latin_only=company.settings.country == "US")
    entity = BY_PATH.get(query.entity_name.lower())
    if entity is None:
        raise query_invalid(f"invalid context declaration: {query.entity_name}")
    for path in [condition.path for condition in query.conditions] + [path for path, _ in query.order]:
        _check_path(entity, path)
    for path in query.fields:
        if entity.field(path.partition(".")[0]) is None:
            raise query_invalid(f"Property {path} not found for Entity {entity.name}")
    if entity.name == "ExchangeRate":
        rates = _rates(company, query)
        count, page = len(rates), rates[query.start - 1 : query.start - 1 + query.page]
    else:
        search = Search(company, entity, query.conditions, query.order)
        count, page = (search.count(), []) if query.counting else (0, search.page(query.start, query.page))
    if query.counting:
        return {"totalCount": count}
    if not page:
        return {}
    shown = [_selected(obj, query.fields) for obj in page]
    return {entity.name: shown, "startPosition": query.start, "maxResults": len(page)}


def parse(text: str, *, latin_only: bool = True) -> Query:
    """Reads the text; raises Refused 4000 for what is not in the language and 4001 for limits out of range."""
    tokens = _Reader(_tokenize(text, latin_only=latin_only))
    tokens.word("select")
    fields, counting = _selection(tokens)
    tokens.word("from")
    entity = tokens.take("word").text
    conditions, order, start, page = [], [], 1, DEFAULT_PAGE
    if tokens.skip("where"):
        conditions.append(_condition(tokens))
        while tokens.skip("and"):
            conditions.append(_condition(tokens))
    while tokens.peek():
        token = tokens.take("word")
        word = token.text.lower()
        if word == "orderby" or (word == "order" and tokens.skip("by")):
            order.append(_order(tokens))
            while tokens.sign(","):
                order.append(_order(tokens))
        elif word == "startposition":
            start = _positive(tokens)
        elif word == "maxresults":
            page = _positive(tokens)
        else:
            tokens.fail(token)
    if page > MAX_PAGE:
        raise query_invalid(f"value {page} is too large. Max allowed value is {MAX_PAGE}.")
    return Query(entity, fields, counting, tuple(conditions), tuple(order), start, page)


class _Reader:
    """Walks over the tokens and complains as Intuit's parser does."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place = tokens, 0

    def peek(self) -> Token | None:
        return self.tokens[self.place] if self.place < len(self.tokens) else None

    def take(self, *kinds: str) -> Token:
        token = self.peek()
        if token is None or token.kind not in kinds:
            self.fail(token)
        assert token is not None
        self.place += 1
        return token

    def word(self, expected: str) -> None:
        token = self.peek()
        if token is None or token.kind != "word" or token.text.lower() != expected:
            self.fail(token)
        self.place += 1

    def skip(self, expected: str) -> bool:
        token = self.peek()
        if token and token.kind == "word" and token.text.lower() == expected:
            self.place += 1
            return True
        return False

    def sign(self, expected: str) -> bool:
        token = self.peek()
        if token and token.kind == "sign" and token.text == expected:
            self.place += 1
            return True
        return False

    def fail(self, token: Token | None) -> None:
        if token is None:
            last = self.tokens[-1] if self.tokens else Token("word", "", 1)
            raise query_unparsable(f'Encountered "<EOF>" at line 1, column {last.column + len(last.text)}.')
        kind = {"word": "IDENTIFIER", "text": "STRING", "number": "INTEGER_LITERAL"}.get(
            token.kind, token.text
        )
        raise query_unparsable(f'Encountered " <{kind}> "{token.text} "" at line 1, column {token.column}.')


def _tokenize(text: str, *, latin_only: bool) -> list[Token]:
    if len(text) > MAX_QUERY_LENGTH:
        raise query_unparsable(f"Query longer than {MAX_QUERY_LENGTH} characters")
    if latin_only:
        for column, char in enumerate(text, 1):
            if ord(char) > 0xFF:
                found = f'Encountered: "\\u{ord(char):04x}" ({ord(char)})'
                raise query_unparsable(f"Invalid content. Lexical error at line 1, column {column}. {found}")
    tokens, place, end = [], 0, len(text.rstrip())
    while place < end:
        match = _TOKENS.match(text, place)
        if not match:
            at = place + len(text[place:]) - len(text[place:].lstrip())
            found = f'Encountered: "{text[at]}" ({ord(text[at])})'
            raise query_unparsable(f"Invalid content. Lexical error at line 1, column {at + 1}. {found}")
        kind = str(match.lastgroup)
        tokens.append(Token(kind, match.group(kind), match.start(kind) + 1))
        place = match.end()
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    return tokens


def _selection(tokens: _Reader) -> tuple[tuple[str, ...], bool]:
    if tokens.sign("*"):
        if tokens.sign(","):
            tokens.take("word")
        return (), False
    first = tokens.take("word").text
    if first.lower() == "count":
        for sign in ("(", "*", ")"):
            if not tokens.sign(sign):
                tokens.fail(tokens.peek())
        return (), True
    fields = [first]
    while tokens.sign(","):
        if not tokens.sign("*"):
            fields.append(tokens.take("word").text)
    return tuple(field.removesuffix(".") for field in fields), False


def _condition(tokens: _Reader) -> Condition:
    path = tokens.take("word").text
    token = tokens.take("sign", "word")
    operator = token.text.lower()
    if operator == "in":
        if not tokens.sign("("):
            tokens.fail(tokens.peek())
        values = [_value(tokens)]
        while tokens.sign(","):
            values.append(_value(tokens))
        if not tokens.sign(")"):
            tokens.fail(tokens.peek())
        return Condition(path, "in", tuple(values))
    if operator not in ("=", "<", ">", "<=", ">=", "like"):
        tokens.fail(token)
    return Condition(path, operator, (_value(tokens),))


def _value(tokens: _Reader) -> str:
    token = tokens.take("text", "number", "word")
    if token.kind == "text":
        return re.sub(r"\\(.)", r"\1", token.text[1:-1], flags=re.DOTALL)
    if token.kind == "word" and token.text.lower() not in ("true", "false"):
        tokens.fail(token)
    return token.text.lower() if token.kind == "word" else token.text


def _order(tokens: _Reader) -> tuple[str, bool]:
    path = tokens.take("word").text
    if tokens.skip("desc"):
        return path, True
    tokens.skip("asc")
    return path, False


def _positive(tokens: _Reader) -> int:
    token = tokens.take("number")
    value = int(Decimal(token.text))
    if value < 1:
        raise query_invalid(f"value {value} is too small. Min allowed value is 1")
    return value


def _check_path(entity: Entity, path: str) -> None:
    if path in QUERY_PATHS or path.lower() in ("metadata.createtime", "metadata.lastupdatedtime"):
        return
    field = entity.field(path.partition(".")[0])
    if field is None:
        raise query_invalid(f"Property {path} not found for Entity {entity.name}")
    if not field.query:
        raise query_invalid(f"property '{path}' is not queryable")


def _rates(company: Company, query: Query) -> list[JsonObject]:
    """All currencies with the rate that holds on the day asked for; it may have been set on an earlier one."""
    on_day = [c for c in query.conditions if c.path.lower() == "asofdate" and c.operator == "="]
    day = on_day[0].values[0] if on_day else company.today()
    rest = [condition for condition in query.conditions if condition not in on_day]
    return [rate for rate in rates_on(company, day) if all_hold(rest, rate)]


def _selected(obj: JsonObject, fields: tuple[str, ...]) -> JsonObject:
    if not fields:
        return obj
    chosen = {path.partition(".")[0].lower() for path in fields}
    shown = {name: value for name, value in obj.items() if name.lower() in chosen}
    return {**shown, "domain": "QBO", "sparse": True, **({"Id": obj["Id"]} if "Id" in obj else {})}
