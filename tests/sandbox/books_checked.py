"""What must hold between any two writes in a company of the QuickBooks simulator, asked through its HTTP interface."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx2
from tests.sandbox import books_by_hand as by_hand
from tests.sandbox.asgi import Called
from tests.sandbox.books_by_hand import SALES, Json, Snapshot, cents
from tests.sandbox.random_books import Dice, RandomBooks, Setting

from crm_sandbox.app import Sandbox, create_app
from crm_sandbox.config import SandboxConfig
from crm_sandbox.quickbooks.kept import RECORDS as QUICKBOOKS_RECORDS
from crm_sandbox.state_file import StateFile
from crm_sandbox.stripe.kept import ACTS
from crm_sandbox.stripe.kept import RECORDS as STRIPE_RECORDS
from crm_sandbox.testing import ACCOUNTING_SCOPE, QuickBooksTokens

LISTS = ("Customer", "Item", "Account")
DOCUMENTS = (*SALES, "Estimate", "Payment", "Deposit", "Transfer", "Purchase", "JournalEntry")
PROFIT_AND_LOSS = ("Revenue", "Expense")
SECONDS_BETWEEN = 3
"""Intuit's times are whole seconds: so far apart, a time separates what was before from what comes after."""
CDC_MAX = 1_000
PAGE = 1_000
STEPS_AFTER_RESTORE = 3
QUESTIONS = 2
_TIMES: tuple[str, ...] = ("=", "<", ">", "<=", ">=")
SIGNS: dict[str, tuple[str, ...]] = {
    "MetaData.LastUpdatedTime": _TIMES, "MetaData.CreateTime": _TIMES, "TxnDate": _TIMES, "Active": ("=",),
    "TotalAmt": ("=", "<", ">="), "Balance": ("=", "<", ">="),
}  # fmt: skip
"""Path -> what a query may compare it with; all others may be equal to one value, or one of several."""


class Api(Protocol):
    """One request with JSON both ways: method, path below the sandbox's address, query and body."""

    def request(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]: ...


class HttpApi:
    """The interface over a socket."""

    def __init__(self, client: httpx2.Client) -> None:
        self._client = client

    def request(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        answer = self._client.request(method, path, params=query, json=body)
        return answer.status_code, answer.json()


@dataclass
class CheckedBooks:
    """A company that is filled at random and compared with what a bookkeeper would have."""

    api: Api
    realm_id: str
    dice: Dice
    setting: Setting
    refused: dict[str, int] = field(default_factory=dict)
    """Error code -> how often."""
    before: Snapshot = field(default_factory=dict)
    since: str = ""

    def __post_init__(self) -> None:
        self.random = RandomBooks(self.dice, self.setting, self._post, self.post_batch)
        switches = asdict(self.setting)
        self._own("POST", f"/_state/quickbooks/{self.realm_id}/settings", switches)
        self.random.start()
        self.before = self.snapshot()
        self._let_time_pass()

    # -- going on -------------------------------------------------------------------------------------

    def step(self) -> None:
        """One write; after it the trial balance is zero."""
        self.random.step()
        trial = self._own("GET", f"/_state/quickbooks/{self.realm_id}/trial_balance")
        assert trial["sum_cents"] == 0
        assert sum(row["balance_cents"] for row in trial["accounts"]) == 0

    def check(self) -> None:
        """Everything else, against all documents as they are now."""
        after = self.snapshot()
        self._check_accounts(after)
        self._check_customers(after)
        self._check_documents(after)
        self._check_tokens(after)
        self._check_change_data(after)
        for _ in range(QUESTIONS):
            self._check_query(after)
        for kind, objects in after.items():  # what followed from other writes is known from now on
            if kind in self.random.last:
                self.random.last[kind] = {ident: objects[ident] for ident in self.random.last[kind]}
        self.before = after
        self._let_time_pass()

    def snapshot(self) -> Snapshot:
        """All objects, inactive ones too, by queries in a batch; in pages for what does not fit."""
        kinds = (*LISTS, *DOCUMENTS)
        asked = [{"bId": kind, "Query": self._page_of(kind, 0)} for kind in kinds]
        answers = self.post_batch(asked)
        return {
            kind: self._rest(kind, answer["QueryResponse"])
            for kind, answer in zip(kinds, answers, strict=True)
        }

    # -- the rules ------------------------------------------------------------------------------------

    def _check_accounts(self, after: Snapshot) -> None:
        expected = by_hand.account_balances(after)
        trial = self._own("GET", f"/_state/quickbooks/{self.realm_id}/trial_balance")
        assert {row["id"]: row["balance_cents"] for row in trial["accounts"]} == expected
        for ident, account in after["Account"].items():
            if account["Classification"] not in PROFIT_AND_LOSS:
                assert cents(account["CurrentBalance"]) == expected.get(ident, 0), account["Name"]

    def _check_customers(self, after: Snapshot) -> None:
        own = by_hand.customer_balances(after)
        for ident, customer in after["Customer"].items():
            assert cents(customer["Balance"]) == own[ident], customer["DisplayName"]
            assert cents(customer["BalanceWithJobs"]) == by_hand.with_jobs(after, ident, own), customer[
                "DisplayName"
            ]

    def _check_documents(self, after: Snapshot) -> None:
        used = by_hand.applied(after)
        for kind in ("Invoice", "CreditMemo"):
            for ident, obj in after[kind].items():
                parts = used.get((kind, ident), {})
                rest = cents(obj["TotalAmt"]) - cents(obj.get("Deposit", 0)) - sum(parts.values())
                assert cents(obj["Balance"]) == rest >= 0
                linked = {link["TxnId"] for link in obj["LinkedTxn"] if link["TxnType"] == "Payment"}
                assert linked == set(parts)
        assert all(ident in after[kind] for kind, ident in used)
        brought = [
            (link["TxnType"], link["TxnId"], deposit["Id"])
            for deposit in after["Deposit"].values()
            for line in deposit["Line"]
            for link in line.get("LinkedTxn", [])
        ]
        assert len({(kind, ident) for kind, ident, _ in brought}) == len(brought)
        for kind, ident, deposit_id in brought:
            assert {"TxnId": deposit_id, "TxnType": "Deposit"} in after[kind][ident]["LinkedTxn"]
        for payment in after["Payment"].values():
            sums = {"Invoice": 0, "CreditMemo": 0}
            for line in payment.get("Line", []):
                sums[line["LinkedTxn"][0]["TxnType"]] += cents(line["Amount"])
            left = cents(payment["TotalAmt"]) - sums["Invoice"] + sums["CreditMemo"]
            assert cents(payment["UnappliedAmt"]) == left >= 0
        for kind in (*SALES, "Estimate"):
            for obj in after[kind].values():
                assert cents(obj["TotalAmt"]) == _total_by_hand(obj)

    def _check_tokens(self, after: Snapshot) -> None:
        for kind, objects in after.items():
            for ident, obj in objects.items():
                old = self.before[kind].get(ident)
                if old is not None:
                    grown = int(obj["SyncToken"]) - int(old["SyncToken"])
                    assert grown >= 0
                    assert grown > 0 or _stored(obj) == _stored(old), (kind, ident)

    def _check_change_data(self, after: Snapshot) -> None:
        names = ",".join(after)
        answer = self._get("cdc", entities=names, changedSince=self.since)
        told: dict[str, dict[str, Json]] = {}
        for response in answer["CDCResponse"][0]["QueryResponse"]:
            for kind in after:
                told[kind] = told.get(kind, {}) | {obj["Id"]: obj for obj in response.get(kind, [])}
        expected = {
            kind: {
                ident: obj
                for ident, obj in objects.items()
                if _stored(obj) != _stored(self.before[kind].get(ident, {}))
            }
            for kind, objects in after.items()
        }
        gone = {
            (kind, ident)
            for kind, objects in self.before.items()
            for ident in objects
            if ident not in after[kind]
        }
        new_deletes, self.random.deleted = set(self.random.deleted), []
        assert gone <= new_deletes
        if sum(map(len, expected.values())) + len(new_deletes) > CDC_MAX:
            assert sum(map(len, told.values())) == CDC_MAX
            return
        for kind in after:
            deleted = {ident for ident, obj in told[kind].items() if obj.get("status") == "Deleted"}
            assert deleted == {ident for name, ident in new_deletes if name == kind}
            assert {ident: obj for ident, obj in told[kind].items() if ident not in deleted} == expected[kind]

    def _check_query(self, after: Snapshot) -> None:
        kind = self._one((*DOCUMENTS, "Customer"))
        objects = list(after[kind].values())
        asked = _Question(self.dice, kind, objects)
        fitting = [obj for obj in objects if asked.fits(obj)]
        counted = self._get("query", query=f"SELECT COUNT(*) FROM {kind}{asked.where}")
        assert counted["QueryResponse"]["totalCount"] == len(fitting), asked.where
        start, length = self.dice.number(1, 3), self.dice.number(1, 12)
        text = f"SELECT * FROM {kind}{asked.where}{asked.order} STARTPOSITION {start} MAXRESULTS {length}"
        found = self._get("query", query=text)["QueryResponse"].get(kind, [])
        assert {obj["Id"] for obj in found} <= {obj["Id"] for obj in fitting}, text
        assert all(obj == after[kind][obj["Id"]] for obj in found)
        assert len({obj["Id"] for obj in found}) == min(length, max(len(fitting) - start + 1, 0)), text
        if asked.ordered:
            in_order = sorted(map(asked.key, fitting), reverse=asked.descending)
            assert [asked.key(obj) for obj in found] == in_order[start - 1 : start - 1 + length], text

    # -- asking ---------------------------------------------------------------------------------------

    def _post(self, kind: str, body: Json, parameters: dict[str, str]) -> Json | None:
        status, answer = self.api.request(
            "POST", self._path(kind.lower()), {"minorversion": "75", **parameters}, body
        )
        return self._object(kind, status, answer)

    def post_batch(self, items: list[Json]) -> list[Json]:
        status, answer = self.api.request("POST", self._path("batch"), {}, {"BatchItemRequest": items})
        assert status == 200, answer
        for one in answer["BatchItemResponse"]:
            if "Fault" in one:
                self._count_refusal(one)
        return list(answer["BatchItemResponse"])

    def _object(self, kind: str, status: int, answer: Any) -> Json | None:
        if status == 400:
            self._count_refusal(answer)
            return None
        assert status == 200, answer
        found: Json = answer[kind]
        return found

    def _count_refusal(self, answer: Any) -> None:
        code = answer["Fault"]["Error"][0]["code"]
        self.refused[code] = self.refused.get(code, 0) + 1

    def _get(self, what: str, **query: str) -> Any:
        status, answer = self.api.request("GET", self._path(what), query, None)
        assert status == 200, (query, answer)
        return answer

    def _own(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.api.request(method, path, {}, body)
        assert status == 200, answer
        return answer

    def _page_of(self, kind: str, skipped: int) -> str:
        where = " WHERE Active IN (true, false)" if kind in LISTS else ""
        return f"SELECT * FROM {kind}{where} ORDERBY Id STARTPOSITION {skipped + 1} MAXRESULTS {PAGE}"

    def _rest(self, kind: str, first: Json) -> dict[str, Json]:
        """The first page and all that follow it."""
        page = first.get(kind, [])
        found = {obj["Id"]: obj for obj in page}
        while len(page) == PAGE:
            page = self._get("query", query=self._page_of(kind, len(found)))["QueryResponse"].get(kind, [])
            found |= {obj["Id"]: obj for obj in page}
        return found

    def _let_time_pass(self) -> None:
        self._own("POST", "/_state/clock", {"advance_seconds": SECONDS_BETWEEN})
        self.since = self._own("GET", "/_state/clock")["now"]

    def _path(self, what: str) -> str:
        return f"/v3/company/{self.realm_id}/{what}"

    def _one(self, options: tuple[str, ...]) -> str:
        return options[self.dice.number(0, len(options) - 1)]


def books_without_socket(dice: Dice, setting: Setting) -> CheckedBooks:
    """A company of a sandbox of its own, in this process."""
    return _opened(create_app(SandboxConfig(qbo_rate_limits_on=False)), dice, setting)


def restored_elsewhere(books: CheckedBooks, path: Path) -> None:
    """Another sandbox that reads the first one's state file has the same books, goes on, and stays right."""
    assert isinstance(books.api, Called)
    app = books.api.app
    assert isinstance(app, Sandbox)
    file = StateFile(path, (*QUICKBOOKS_RECORDS, *STRIPE_RECORDS, *ACTS))
    file.write(file.pack(app.snapshot()))
    kept = file.read()
    assert kept is not None
    other = create_app(app.config)
    other.quickbooks.restore(kept["quickbooks"])
    other.clock.offset = kept["ahead"]
    before = books.snapshot()
    books.api = Called(other, books.api.headers)
    assert books.snapshot() == before
    for _ in range(STEPS_AFTER_RESTORE):
        books.step()
    books.check()


def _opened(app: Sandbox, dice: Dice, setting: Setting) -> CheckedBooks:
    tokens, realm_id = app.quickbooks.tokens, app.config.qbo_realm_id
    code = tokens.authorize(app.config.qbo_client_id, realm_id, ACCOUNTING_SCOPE, "http://localhost")
    access_token, _ = tokens.exchange(code, app.config.qbo_client_id, "http://localhost")
    headers = QuickBooksTokens(realm_id, access_token, "").headers
    return CheckedBooks(Called(app, headers), realm_id, dice, setting)


class _Question:
    """A condition and an order, in Intuit's words and as a filter over a snapshot."""

    def __init__(self, dice: Dice, kind: str, objects: list[Json]) -> None:
        pattern = objects[dice.number(0, len(objects) - 1)] if objects else {}
        paths = ["Id", "MetaData.LastUpdatedTime", "MetaData.CreateTime"]
        paths += ["DisplayName", "Active"] if kind == "Customer" else ["TxnDate"]
        paths += [path for path in ("DocNumber", "CustomerRef", "TotalAmt", "Balance") if path in pattern]
        self.path = paths[dice.number(0, len(paths) - 1)]
        self.value = _look(pattern, self.path)
        signs = SIGNS.get(self.path, ("=", "=", "in"))
        self.sign = signs[dice.number(0, len(signs) - 1)] if self.value is not None else None
        shows_all = kind in LISTS and self.path != "Active"
        self.where = "" if self.sign is None else f" WHERE {self.path} {self._right_side()}"
        if shows_all:
            self.where += (" AND" if self.where else " WHERE") + " Active IN (true, false)"
        by = paths[dice.number(0, len(paths) - 1)]
        self.by = "Id" if by in ("Active", "CustomerRef", "DocNumber") else by
        self.descending = bool(dice.number(0, 1))
        self.ordered = dice.number(0, 2) > 0
        self.order = f" ORDERBY {self.by} {'DESC' if self.descending else 'ASC'}" if self.ordered else ""

    def fits(self, obj: Json) -> bool:
        value = _look(obj, self.path)
        if self.sign is None:
            return True
        if value is None:
            return False
        return {
            "=": value == self.value, "in": value == self.value, "<": value < self.value, ">": value > self.value,
            "<=": value <= self.value, ">=": value >= self.value,
        }[self.sign]  # fmt: skip

    def key(self, obj: Json) -> Any:
        value = _look(obj, self.by)
        if self.by == "Id":
            return int(value)
        return value.casefold() if isinstance(value, str) else value

    def _right_side(self) -> str:
        escaped = str(self.value).replace("\\", "\\\\").replace("'", "\\'")
        text = escaped.lower() if isinstance(self.value, bool) else f"'{escaped}'"
        return f"IN ({text}, 'no such')" if self.sign == "in" else f"{self.sign} {text}"


def _look(obj: Json, path: str) -> Any:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value.get("value") if isinstance(value, dict) else value


def _stored(obj: Json) -> Json:
    """Without what the books say: a document changes the balance of its customer, not the customer."""
    if "CurrentBalance" in obj or "BalanceWithJobs" in obj:
        return {name: value for name, value in obj.items() if "Balance" not in name}
    return obj


def _total_by_hand(obj: Json) -> int:
    total = 0
    for line in obj["Line"]:
        amount = cents(line.get("Amount") or 0)
        total += {"SalesItemLineDetail": amount, "DiscountLineDetail": -amount}.get(line["DetailType"], 0)
    inclusive = obj.get("GlobalTaxCalculation") == "TaxInclusive"
    return total + (0 if inclusive else cents(obj["TxnTaxDetail"].get("TotalTax", 0)))
