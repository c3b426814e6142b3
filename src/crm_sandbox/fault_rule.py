"""Reads what somebody wants to go wrong: every action with its options, checked by name."""

import asyncio
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

MAX_SECONDS = 600.0
MAX_SKEW_SECONDS = 10 * 366 * 86_400.0
MAX_WRITES_BACK = 100
MAX_HITS = 1_000_000
MAX_PATTERN = 1_000
MAX_BODY = 1_000_000
SIMULATORS = ("stripe", "quickbooks")


@dataclass(frozen=True)
class Field:
    """One thing that can be said about a fault: what it must be, in words, and whether a value is that."""

    wanted: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Action:
    """One way to misbehave: what the client sees, whether the request takes effect, and its options."""

    says: str
    effect: str
    options: dict[str, Any] = field(default_factory=dict)
    """Name and what holds when it is not given."""


def _number(low: float, high: float) -> Field:
    return Field(f"a number from {low:g} to {high:g}", lambda given: _real(given) and low <= given <= high)


def _whole(low: int, high: int) -> Field:
    def fits(given: object) -> bool:
        return isinstance(given, int) and not isinstance(given, bool) and low <= given <= high

    return Field(f"a whole number from {low} to {high}", fits)


def _real(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool)


def _words(given: object) -> bool:
    return isinstance(given, dict) and all(isinstance(part, str) for pair in given.items() for part in pair)


OPTIONS: dict[str, Field] = {
    "status": _whole(200, 599),
    "body": Field(
        f"JSON or a text, {MAX_BODY} bytes at most", lambda given: len(json.dumps(given)) <= MAX_BODY
    ),
    "headers": Field("an object of texts", _words),
    "content_type": Field("a text", lambda given: isinstance(given, str)),
    "seconds": _number(0, MAX_SECONDS),
    "effect": Field("true or false", lambda given: isinstance(given, bool)),
    "writes": _whole(1, MAX_WRITES_BACK),
}
SKEW = _number(-MAX_SKEW_SECONDS, MAX_SKEW_SECONDS)

COMMON: dict[str, Field] = {
    "match": Field(
        "an object with any of method, path, query and webhook", lambda given: isinstance(given, dict)
    ),
    "times": Field(
        f"a whole number from 1 to {MAX_HITS}, or null for always",
        lambda given: given is None or _whole(1, MAX_HITS).fits(given),
    ),
    "after": _whole(0, MAX_HITS),
    "probability": _number(0, 1),
    "seed": Field("a whole number or a text", lambda given: isinstance(given, int | str)),
    "until_seconds": _number(0.001, 365 * 86_400),
}

MATCH: dict[str, Field] = {
    "method": Field("GET, POST or another method", lambda given: isinstance(given, str) and given.isalpha()),
    "path": Field("a regular expression", lambda given: isinstance(given, str) and len(given) <= MAX_PATTERN),
    "query": Field(
        "a regular expression", lambda given: isinstance(given, str) and len(given) <= MAX_PATTERN
    ),
    "webhook": Field(f"one of {', '.join(SIMULATORS)}", lambda given: given in SIMULATORS),
}

ACTIONS: dict[str, Action] = {
    "status": Action(
        "an answer of your choice in place of the real one", "no",
        {"status": 500, "body": "", "headers": None, "content_type": None},
    ),
    "delay": Action("the right answer, late", "yes", {"seconds": 0}),
    "reset_before": Action("the connection is cut at once", "no"),
    "drop_after": Action("the connection is cut in place of the answer", "yes"),
    "hang_before": Action("nothing, then the connection is cut", "no", {"seconds": 0}),
    "hang_after": Action("nothing, then the connection is cut", "yes", {"seconds": 0}),
    "garbage": Action("200 with HTML and stray bytes", "only with effect: true", {"effect": False}),
    "slow_body": Action("the right answer in drips", "yes", {"seconds": 0}),
    "pause_before": Action("nothing until you let it go", "when let go"),
    "pause_after": Action("nothing until you let it go", "at once"),
    "stale": Action(
        "reads (GET, query, CDC, lists) answered as things stood some writes or seconds ago", "reads only",
        {"writes": 1, "seconds": None},
    ),
    "clock_skew": Action(
        "dates and times that are wrong by so many seconds, either way", "yes, under the wrong date", {"seconds": 0}
    ),
}  # fmt: skip


@dataclass
class FaultRule:
    """One thing to do wrong: which requests it hits, what happens to them and how often.

    `after` requests pass unharmed first; then it acts `times` times (None: always), until `ends_at`.
    """

    id: str
    action: str
    method: str | None = None
    path: re.Pattern[str] | None = None
    query: re.Pattern[str] | None = None
    webhook: str | None = None
    times: int | None = 1
    after: int = 0
    probability: float = 1.0
    seed: int | str = 1
    ends_at: datetime | None = None
    options: dict[str, Any] = field(default_factory=dict)
    preset: str | None = None
    seen: int = 0
    hits: int = 0
    waiting: int = 0
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def fits(self, method: str, path: str, query: str) -> bool:
        """Whether the request is of the kind that this rule is about."""
        if self.webhook or (self.method and self.method != method):
            return False
        if self.path and not self.path.search(path):
            return False
        return not (self.query and not self.query.search(query))

    def fits_webhook(self, simulator: str) -> bool:
        """Whether the rule is about webhooks too: those of its simulator, or with no pattern at all, all."""
        if self.action != "clock_skew":
            return False
        return self.webhook == simulator or not (self.webhook or self.method or self.path or self.query)

    def takes(self, now: datetime) -> bool:
        """Whether the rule acts on this request or webhook, which fits; counts it as seen, and as hit if so."""
        self.seen += 1
        if self.over(now) or self.seen <= self.after:
            return False
        if self.probability < 1.0 and self._dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def over(self, now: datetime) -> bool:
        """Whether it acts no more: as often as it should, or its time is up."""
        if self.times is not None and self.hits >= self.times:
            return True
        return self.ends_at is not None and now >= self.ends_at

    def as_json(self, now: datetime) -> dict[str, Any]:
        """What `GET /_faults` tells about the rule."""
        left = None if self.ends_at is None else max(0.0, round((self.ends_at - now).total_seconds(), 3))
        return {
            "id": self.id, "action": self.action, "preset": self.preset,
            "match": {
                "method": self.method, "path": self.path and self.path.pattern,
                "query": self.query and self.query.pattern, "webhook": self.webhook,
            },
            "times": self.times, "after": self.after, "probability": self.probability, "seed": self.seed,
            "seconds_left": left, "options": self.options, "over": self.over(now),
            "seen": self.seen, "hits": self.hits, "waiting": self.waiting,
        }  # fmt: skip


def read_rule(spec: object, id: str, now: datetime) -> FaultRule:
    """The rule that a JSON value asks for; ValueError names the field that is wrong and what it must be."""
    if not isinstance(spec, dict):
        example = '{"action": "delay", "seconds": 2, "match": {"path": "/v3/"}}'
        raise ValueError(f"send an object, for example {example}")  # noqa: TRY004 - the caller answers 400
    name = spec.get("action")
    action = ACTIONS.get(name) if isinstance(name, str) else None
    if action is None or not isinstance(name, str):
        raise ValueError(f"action must be one of {', '.join(ACTIONS)}; got {_shown(name)}")
    given = {key: value for key, value in spec.items() if key != "action"}
    for key, value in given.items():
        if key not in COMMON and key not in action.options:
            takes = ", ".join([*action.options, *COMMON])
            raise ValueError(f"{key} means nothing to {name}; it takes {takes}")
        if key in action.options and value is None:
            continue
        _check(key, value, _field(name, key))
    match = given.get("match") or {}
    for key, value in match.items():
        if key not in MATCH:
            raise ValueError(f"match.{key} is unknown; match knows {', '.join(MATCH)}")
        if value is not None:
            _check(f"match.{key}", value, MATCH[key])
    _check_together(name, match, given)
    lasts, method = given.get("until_seconds"), match.get("method")
    return FaultRule(
        id=id,
        action=name,
        method=method.upper() if method else None,
        path=_pattern("path", match.get("path")),
        query=_pattern("query", match.get("query")),
        webhook=match.get("webhook"),
        times=given.get("times", 1),
        after=given.get("after", 0),
        probability=given.get("probability", 1.0),
        seed=given.get("seed", 1),
        ends_at=None if lasts is None else now + timedelta(seconds=lasts),
        options={key: given[key] for key in action.options if given.get(key) is not None},
    )


def _field(action: str, key: str) -> Field:
    if action == "clock_skew" and key == "seconds":
        return SKEW
    return COMMON.get(key) or OPTIONS[key]


def _check(name: str, value: object, wanted: Field) -> None:
    try:
        fits = wanted.fits(value)
    except TypeError:  # a list where a word was wanted
        fits = False
    if not fits:
        raise ValueError(f"{name} must be {wanted.wanted}; got {_shown(value)}")


def _check_together(action: str, match: dict[str, Any], given: dict[str, Any]) -> None:
    if match.get("webhook") and action != "clock_skew":
        raise ValueError(
            f"match.webhook is for clock_skew; to delay, double or reorder webhooks POST to "
            f"/_state/{match['webhook']}/delivery"
        )
    if match.get("webhook") and (match.get("path") or match.get("query") or match.get("method")):
        raise ValueError("match.webhook stands alone: leave out method, path and query")
    if action == "stale" and given.get("writes") is not None and given.get("seconds") is not None:
        raise ValueError("stale takes writes or seconds, not both: leave one out")


def _pattern(name: str, text: str | None) -> re.Pattern[str] | None:
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"match.{name} is not a regular expression: {text!r}: {error}") from error


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 80 else text[:77] + "..."
