"""The people of the month: what each step of the plan has them do, over HTTP, and what they know that they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import httpx2
from tests.integration.money_world import BANK, CARD
from tests.month.plan import TAX_PERCENT, How, Job, Life, Plan, Step, What
from tests.month.record import PAID, Fact, Record
from tests.month.world import World

Json = dict[str, Any]
DECLINED_CARD = "4000 0000 0000 0002"
OVERPAID = frozenset({Life.OVERPAID, Life.BELOW_PAID})
BANK_DAYS = 4  # a bank transfer takes so long
FIRST_NAMES = ("Ada", "Bruno", "Carla", "Dmitri", "Élodie", "Farid", "Grace", "Håkon", "Inés", "Jack")
LAST_NAMES = ("O'Neill", "Meyer", "Núñez", "Smith", "Van Dyke", "Żak", "Baker", "Cole", "D'Angelo", "Reyes")


@dataclass
class Contract:
    """A job as it stands in the product; `pages` are Stripe's session ids by what they pay."""

    job: Job
    proposal_id: int
    customer: httpx2.Client
    pages: dict[str, str] = field(default_factory=dict)


class People:
    """Office, homeowners and banks. Everything they do is written into `record`."""

    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        self.record = Record()
        self.contracts: dict[int, Contract] = {}
        self.does = {
            What.SIGN: self.sign,
            What.PAY: self.pay,
            What.OPEN_PAGE: self.open_page,
            What.CHANGE: self.change,
            What.REFUND: self.refund,
            What.REFUND_FAILS: self.refund_fails,
            What.DISPUTE: self.dispute,
            What.DISPUTE_WON: self.dispute_over,
            What.DISPUTE_LOST: self.dispute_over,
            What.CANCEL: self.cancel,
            What.DONE: self.done,
            What.PAYOUT: self.payout,
        }

    def sign(self, step: Step) -> None:
        """The office writes and sends it, the homeowner signs."""
        job, world = self.plan.job(step.job), self.world
        name = f"{FIRST_NAMES[job.number % 10]} {LAST_NAMES[job.number // 10 % 10]} {job.number}"
        customer = world.office(
            "POST", "/customers", {"name": name, "email": f"home{job.number}@example.com"}
        )
        milestones = [{"name": "Dried in", "percent": str(job.milestone_percent)}]
        draft = world.office(
            "POST",
            "/proposals",
            {
                "customer_id": customer["id"],
                "title": f"Roof {job.number}",
                "currency": job.currency,
                "deposit": {"percent": job.deposit_percent},
                "milestones": milestones if job.milestone_percent else [],
                **_priced(job),
            },
        )
        sent = world.office("POST", f"/proposals/{draft['id']}/send")
        token = sent["portal_url"].partition("#t=")[2]
        browser = world.app.client(Authorization=f"Bearer {token}")
        contract = Contract(job, draft["id"], browser)
        signature = self._signature(sent["proposal"]["content_hash"], name)
        self._as_customer(contract, "approve", signature | _chosen(sent["proposal"]))
        self.contracts[job.number] = contract
        self.record.add(step.day, Fact.SIGNED, job.number, job.price_cents)

    def open_page(self, step: Step) -> None:
        """The page that will not be paid; returned so that `pay` can go on."""
        self._page(step)

    def pay(self, step: Step) -> None:
        page = self._page(step)
        form: Json = dict(BANK if step.how in {How.BANK, How.BAD_BANK} else CARD)
        if step.how is How.BAD_CARD:
            form["card_number"] = DECLINED_CARD
        if step.how is How.BAD_BANK:
            form["bank_outcome"] = "fails"
        form["email"] = f"home{step.job}@example.com"
        paid = self.world.customers.post(page["checkout_url"], data=form)
        assert paid.status_code == (402 if step.how is How.BAD_CARD else 303), paid.text
        self.contracts[step.job].pages[step.part] = page["session_id"]
        if step.how is How.CARD:
            self.record.add(step.day, Fact.PAID_BY_CARD, step.job, step.cents, step.part)
        elif step.how is How.BANK:
            self.record.add(step.day + BANK_DAYS, Fact.PAID_BY_BANK, step.job, step.cents, step.part)

    def change(self, step: Step) -> None:
        contract = self.contracts[step.job]
        base = f"/proposals/{contract.proposal_id}/change-orders"
        lines = [{"name": "As agreed on the roof", "quantity": "1", "unit_price_minor": step.cents}]
        made = self.world.office("POST", base, {"title": "Change", "lines": lines})
        sent = self.world.office("POST", f"{base}/{made['id']}/send")
        signature = self._signature(sent["content_hash"], "The homeowner")
        self._as_customer(contract, f"change-orders/{made['id']}/approve", signature)
        self.record.add(step.day, Fact.CHANGED, step.job, step.cents)

    def refund(self, step: Step) -> None:
        contract = self.contracts[step.job]
        payment_id = self._payment_id(contract, step.part)
        reason = "overpaid" if contract.job.life in OVERPAID else "requested_by_customer"
        body = {"amount_minor": step.cents, "reason": reason}
        self.world.office("POST", f"/payments/{payment_id}/refunds", body)
        self.record.add(step.day, Fact.REFUNDED, step.job, step.cents, step.part)

    def refund_fails(self, step: Step) -> None:
        """The customer's bank sends a refund back that looked finished for weeks."""
        payment_id = self._payment_id(self.contracts[step.job], step.part)
        (refund,) = self.world.office("GET", "/refunds", payment_id=payment_id)["items"]
        self.world.stripe(f"refunds/{refund['refund_id']}/fail", {"reason": "expired_or_canceled_card"})
        self.record.add(step.day, Fact.CAME_BACK, step.job, step.cents, step.part)

    def dispute(self, step: Step) -> None:
        self.world.stripe("disputes", {"session": self.contracts[step.job].pages[step.part]})
        self.record.add(step.day, Fact.DISPUTED, step.job, step.cents, step.part)

    def dispute_over(self, step: Step) -> None:
        disputes = self.world.rows(
            "SELECT dispute_id FROM disputes JOIN payments p ON p.org_id = disputes.org_id "
            "AND p.id = disputes.payment_id WHERE p.proposal_id = %s",
            self.contracts[step.job].proposal_id,
        )
        (found,) = disputes
        won = step.what is What.DISPUTE_WON
        self.world.stripe(f"disputes/{found[0]}/{'won' if won else 'lost'}")
        over = Fact.DISPUTE_WON if won else Fact.DISPUTE_LOST
        self.record.add(step.day, over, step.job, step.cents, step.part)

    def cancel(self, step: Step) -> None:
        contract = self.contracts[step.job]
        self._as_customer(contract, "cancel", {"reason": "We have thought again.", "confirm": True})
        self.record.add(step.day, Fact.CANCELLED, step.job, contract.job.price_cents)
        self.record.add(step.day, Fact.REFUNDED, step.job, step.cents, step.part)

    def done(self, step: Step) -> None:
        """The office says so on the proposal's page."""
        self.world.office("POST", f"/books/contracts/{self.contracts[step.job].proposal_id}/done")
        self.record.add(step.day, Fact.DONE, step.job, 0)

    def payout(self, step: Step) -> None:
        """Stripe pays out what is available, on its own; on a day with nothing to pay out it does not."""
        answer = httpx2.post(
            f"{self.world.sandbox.base_url}/_state/stripe/payouts", json={"include_pending": False}
        )
        if answer.status_code == 409:
            return
        assert answer.status_code == 200, answer.text
        self.record.add(step.day, Fact.PAID_OUT, 0, answer.json()["amount"])

    # --- small things ---

    def paid(self, job: int, part: str) -> bool:
        """Whether the record says that this part was paid."""
        return any(h.job == job and h.part == part for h in self.record.of(*PAID))

    def _page(self, step: Step) -> Json:
        contract = self.contracts[step.job]
        payment_id = self._payment_id(contract, step.part)
        self.world.office("POST", f"/payments/{payment_id}/request")
        params = {"proposal_id": contract.proposal_id, "payment_id": payment_id}
        opened = contract.customer.post("/payments/checkout_session", params=params)
        assert opened.status_code == 200, opened.text
        page: Json = opened.json()
        assert page["deposit_cents"] == step.cents, f"{step} is to be paid with {page['deposit_cents']}"
        return page

    def _payment_id(self, contract: Contract, part: str) -> int:
        found = self.world.office("GET", "/payments", proposal_id=contract.proposal_id)["items"]
        return int(next(one["id"] for one in found if one["part"] == part))

    def _as_customer(self, contract: Contract, path: str, body: Json) -> None:
        done = contract.customer.post(urljoin(f"/portal/{contract.proposal_id}/", path), json=body)
        assert done.status_code == 200, f"{path}: {done.text}"

    @staticmethod
    def _signature(content_hash: str, name: str) -> Json:
        return {"signer_name": name, "content_hash": content_hash, "agree": True}


def _priced(job: Job) -> Json:
    """The lines of the offer: its price before tax, and what can be chosen besides."""
    extra = job.option_cents // 4
    roof = {
        "name": "New roof",
        "quantity": "1",
        "unit_price_minor": job.price_cents - job.tax_cents - job.option_cents,
    }
    if job.tax_cents:
        roof["tax_percent"] = str(TAX_PERCENT)
    if not job.option_cents:
        return {"lines": [roof]}

    def option(name: str, cents: int) -> Json:
        return {
            "name": name,
            "lines": [{"name": f"{name} shingles", "quantity": "1", "unit_price_minor": cents}],
        }

    guards = {"name": "Gutter guards", "quantity": "1", "unit_price_minor": extra, "optional": True}
    return {
        "lines": [roof, guards],
        "options": [option("Good", 100_000), option("Better", job.option_cents - extra)],
    }


def _chosen(proposal: Json) -> Json:
    """The better option and every extra."""
    if not proposal["options"]:
        return {}
    extras = [line["id"] for line in proposal["lines"] if line["optional"]]
    return {"option_id": proposal["options"][1]["id"], "line_ids": extras}
