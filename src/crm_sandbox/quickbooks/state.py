"""All that the QuickBooks simulator knows: its companies, its grants and what it has to tell by webhook."""

from dataclasses import fields
from datetime import date
from typing import Any

from crm_sandbox.clock import Clock
from crm_sandbox.config import SandboxConfig
from crm_sandbox.quickbooks.company import Company, CompanySettings
from crm_sandbox.quickbooks.entities import BY_PATH, ENTITIES
from crm_sandbox.quickbooks.identity_tokens import IdentityTokens
from crm_sandbox.quickbooks.ledger import Ledger
from crm_sandbox.quickbooks.listings import present
from crm_sandbox.quickbooks.money import to_number
from crm_sandbox.quickbooks.opening import fill, fill_taxes
from crm_sandbox.quickbooks.preference_changes import change_settings
from crm_sandbox.quickbooks.shapes import JsonObject
from crm_sandbox.quickbooks.throttle import Throttle
from crm_sandbox.quickbooks.tokens import TokenStore
from crm_sandbox.quickbooks.webhook_bodies import SHAPES as WEBHOOK_SHAPES
from crm_sandbox.quickbooks.webhooks import WebhookSender

MAX_COMPANIES = 1_000
MAX_CUSTOM_FIELDS = 3


class QuickBooksState:
    """Everything in memory; `reset()` brings back the beginning."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self.webhooks = WebhookSender(config, clock)
        self.identity = IdentityTokens(clock)
        self.reset()

    def reset(self) -> None:
        """Forgets all companies, grants and counts; the company of the settings is there again, fresh."""
        self.tokens = TokenStore(self.clock, rotate_always=self.config.qbo_rotate_always)
        self.throttle = Throttle(self.clock, self.config)
        self.webhooks.clear()
        self.companies: dict[str, Company] = {}
        self.company(self.config.qbo_realm_id)

    def company(self, realm_id: str) -> Company:
        """The company of that realm, made on first use; ValueError for an id that is not a number."""
        if realm_id not in self.companies:
            if not realm_id.isdigit() or len(realm_id) > 20:
                raise ValueError("a realm id is a number of at most 20 digits")
            if len(self.companies) >= MAX_COMPANIES:
                raise ValueError(f"at most {MAX_COMPANIES} companies; reset the sandbox first")
            name = f"Sandbox Company_US_{len(self.companies) + 1}"
            company = Company(
                realm_id, self.clock, CompanySettings(company_name=name), base_url=self.config.base_url
            )
            fill(company)
            company.on_change = self.webhooks.note
            self.companies[realm_id] = company
        return self.companies[realm_id]

    def snapshot(self) -> dict[str, Any]:
        """All that is needed to go on elsewhere, as plain data shared with this state: write it down at once.

        The throttle is left out: it looks back a minute at most.
        """
        return {
            "companies": {realm_id: company.snapshot() for realm_id, company in self.companies.items()},
            "tokens": self.tokens.snapshot(),
            "webhooks": self.webhooks.snapshot(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Goes on from a snapshot. Raises KeyError or the like when it is none of ours."""
        self.reset()
        self.tokens.restore(kept["tokens"])
        self.companies = {}
        for realm_id, one in kept["companies"].items():
            company = Company(
                realm_id, self.clock, on_change=self.webhooks.note, base_url=self.config.base_url
            )
            company.restore(one)
            self.companies[realm_id] = company
        self.webhooks.restore(kept["webhooks"])
        self.company(self.config.qbo_realm_id)

    def changes(self) -> int:
        """A number that grows with what the simulator does by itself."""
        return self.webhooks.attempts

    def change_settings(self, realm_id: str, changes: dict[str, Any]) -> CompanySettings:
        """Changes settings of a company; ValueError for an unknown name or a value of another type."""
        company = self.company(realm_id)
        known = [f.name for f in fields(CompanySettings)]
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting {name}; there are {', '.join(known)}")
            _check_setting(name, value)
        change_settings(company, changes)
        if "country" in changes:
            fill_taxes(company)
        info = company.objects["CompanyInfo"]["1"]
        named = {"Country": company.settings.country}
        if "company_name" in changes:
            named["CompanyName"] = company.settings.company_name
        company.objects["CompanyInfo"]["1"] = {**info, **named}
        return company.settings

    def summary(self) -> dict[str, Any]:
        """Counts and balances of every company, for the page and for tests that wait."""
        return {
            "companies": [
                {
                    "realm_id": company.realm_id,
                    "name": company.settings.company_name,
                    "connected": any(
                        g.realm_id == company.realm_id and not g.revoked for g in self.tokens.grants
                    ),
                    "counts": {name: len(found) for name, found in company.objects.items() if found},
                    "trial_balance": self.trial_balance(company.realm_id),
                }
                for company in self.companies.values()
            ],
            "grants": [
                {
                    "realm_id": grant.realm_id,
                    "client_id": grant.client_id,
                    "created_at": grant.created_at.isoformat(timespec="seconds"),
                    "revoked": grant.revoked,
                }
                for grant in self.tokens.grants
            ],
            "throttled": self.throttle.refused,
            "webhooks": self.webhooks.summary(),
        }

    def objects(self, realm_id: str, entity_name: str) -> list[JsonObject]:
        """All objects of a kind, inactive ones too; KeyError for an unknown kind or realm."""
        return self.newest(realm_id, entity_name, None)[0]

    def newest(self, realm_id: str, entity_name: str, last: int | None) -> tuple[list[JsonObject], int]:
        """The last so many objects of a kind, newest first (None: all, oldest first), and how many there are.

        KeyError for an unknown kind or realm.
        """
        entity = BY_PATH[entity_name.lower()]
        company = self.companies[realm_id]
        kept = company.objects[entity.name]
        chosen = kept.values() if last is None else kept.newest(last)
        return [present(company, entity, obj) for obj in chosen], len(kept)

    def document(self, realm_id: str, entity_name: str, ident: str) -> dict[str, Any]:
        """One object with what it debits and credits; KeyError when there is none."""
        entity = BY_PATH[entity_name.lower()]
        company = self.companies[realm_id]
        names = company.objects["Account"]
        postings = company.ledger.postings.get((entity.name, ident), ())
        return {
            "object": present(company, entity, company.objects[entity.name][ident]),
            "postings": [
                {
                    "account_id": line.account_id,
                    "account": names[line.account_id]["FullyQualifiedName"],
                    "debit_cents": max(line.cents, 0),
                    "credit_cents": max(-line.cents, 0),
                }
                for line in sorted(postings, key=lambda one: one.cents < 0)  # debits first, as on paper
            ],
        }

    def trial_balance(self, realm_id: str) -> dict[str, Any]:
        """Every account with a balance (debit positive) and their sum, which is always zero."""
        company = self.companies[realm_id]
        balances = company.ledger.trial_balance_cents()
        accounts = [
            {
                "id": ident,
                "name": company.objects["Account"][ident]["FullyQualifiedName"],
                "type": company.objects["Account"][ident]["AccountType"],
                "balance_cents": cents,
                "balance": to_number(cents),
            }
            for ident, cents in sorted(balances.items(), key=lambda pair: int(pair[0]))
        ]
        return {"accounts": accounts, "sum_cents": sum(balances.values())}

    def wipe_books(self, realm_id: str) -> None:
        """Removes all transactions of a company and keeps its lists."""
        company = self.companies[realm_id]
        for entity in ENTITIES.values():
            if entity.is_txn:
                company.objects[entity.name].clear()
        company.ledger = Ledger()
        company.applied.clear()
        company.in_deposit.clear()


def _check_setting(name: str, value: Any) -> None:
    if name == "webhook_shape" and value not in WEBHOOK_SHAPES:
        raise ValueError(f"webhook_shape must be one of {', '.join(WEBHOOK_SHAPES)}")
    if name == "book_close_date":
        if value is not None:
            date.fromisoformat(str(value))
        return
    if name == "custom_fields":
        if (
            not isinstance(value, list)
            or len(value) > MAX_CUSTOM_FIELDS
            or not all(isinstance(one, str) for one in value)
        ):
            raise ValueError(f"custom_fields is a list of at most {MAX_CUSTOM_FIELDS} names")
        return
    usual = getattr(CompanySettings(), name)
    wanted = (int, float) if isinstance(usual, float) else type(usual)
    if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(usual, bool)):
        raise ValueError(f"{name} must be of type {type(usual).__name__}")  # noqa: TRY004 - the caller answers 400
