"""Makes the sandbox misbehave on demand: answers lost, late, broken, out of date, or never sent."""

from itertools import count
from typing import Any
from urllib.parse import unquote_plus

from starlette.types import ASGIApp, Receive, Scope, Send

from crm_sandbox.clock import Clock
from crm_sandbox.fault_rule import FaultRule, read_rule
from crm_sandbox.misbehaviour import misbehave
from crm_sandbox.stale_reads import StaleReads, is_read, is_write

MAX_RULES = 1_000


class FaultRules:
    """All rules of one sandbox; the first one that takes a request acts on it."""

    def __init__(self, clock: Clock, stale_reads: StaleReads) -> None:
        self.rules: dict[str, FaultRule] = {}
        self._clock = clock
        self._stale_reads = stale_reads
        self._numbers = count(1)
        clock.webhook_skew = self.webhook_skew

    def add(self, spec: object, preset: str | None = None) -> FaultRule:
        """Adds a rule from its JSON form; ValueError says in words what is wrong with it."""
        if len(self.rules) >= MAX_RULES:
            raise ValueError(f"at most {MAX_RULES} faults; remove some first (DELETE /_faults)")
        rule = read_rule(spec, str(next(self._numbers)), self._clock.unskewed())
        rule.preset = preset
        self.rules[rule.id] = rule
        return rule

    def remove(self, rule_id: str) -> bool:
        """Removes one rule and lets go on what it holds; False if there is none of that id."""
        rule = self.rules.pop(rule_id, None)
        if rule:
            rule.released.set()
        if not any(rule.action == "stale" for rule in self.rules.values()):
            self._stale_reads.forget()
        return rule is not None

    def clear(self) -> None:
        """Removes all rules and lets go on what they hold."""
        for rule_id in list(self.rules):
            self.remove(rule_id)

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Runs `app` for one request, through the first fault that takes it and any wrong clock."""
        path = str(scope["path"])
        if not self.rules or path == "/" or path.startswith("/_"):
            await app(scope, receive, send)
            return
        method, query = str(scope["method"]), unquote_plus(scope["query_string"].decode("latin-1"))
        now = self._clock.unskewed()
        skew_seconds = 0.0
        for rule in list(self.rules.values()):
            if not rule.fits(method, path, query):
                continue
            past = None
            if rule.action == "stale":
                past = self._past(rule) if is_read(method, path) else None
                if past is None:  # nothing is older than what stands now
                    continue
            if not rule.takes(now):
                continue
            if entry := scope.get("sandbox.log_entry"):
                entry.faults.append(f"{rule.action} ({rule.id})")
            if rule.action == "clock_skew":
                skew_seconds += rule.options.get("seconds", 0)
                continue
            with self._clock.skewed(skew_seconds):
                if past is not None:
                    await past(scope, receive, send)
                else:
                    await misbehave(rule, app, scope, receive, send)
            return
        with self._clock.skewed(skew_seconds):
            await app(scope, receive, send)

    def before(self, method: str, path: str) -> None:
        """To be called when a request is about to take effect: keeps the past for those who will ask for it."""
        if not self.rules or not is_write(method, path):
            return
        now = self._clock.unskewed()
        if any(rule.action == "stale" and not rule.over(now) for rule in self.rules.values()):
            self._stale_reads.before_write()
        else:
            self._stale_reads.forget()

    def webhook_skew(self, simulator: str) -> float:
        """Seconds by which a webhook that is sent now is dated wrongly; counts as a hit of each rule."""
        now = self._clock.unskewed()
        taking = [rule for rule in self.rules.values() if rule.fits_webhook(simulator) and rule.takes(now)]
        return sum(float(rule.options.get("seconds", 0)) for rule in taking)

    def as_json(self) -> list[dict[str, Any]]:
        """All rules, those that are over too, in the order in which they are tried."""
        now = self._clock.unskewed()
        return [rule.as_json(now) for rule in self.rules.values()]

    def _past(self, rule: FaultRule) -> ASGIApp | None:
        seconds = rule.options.get("seconds")
        return self._stale_reads.as_of(writes=rule.options.get("writes", 1), seconds=seconds)
