/** Paying a part of the price: on to the payment page, or, without a payment provider, a plainly marked simulation. */

import { useEffect, useState } from "react";
import type { Problem } from "../api/problem";
import { type Outcome, simulatePayment, startCheckout } from "./calls";
import { Row, Steps } from "./Card";
import { asProblem, type ProposalState } from "./useProposal";
import { mayPay, type PortalView } from "./view";
import { Wrong } from "./Wrong";
import { useWords } from "./words";

export function Pay({ view, proposal }: { view: PortalView; proposal: ProposalState }) {
  const { t, money, part } = useWords();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const { payment } = view;
  const failed = proposal.stage === "failed";
  const amount = money(payment.amount_minor, payment.currency);
  const deposit = payment.key === "deposit";

  // The payment page may be left by the browser's back button, which shows this page as it was: still busy.
  useEffect(() => {
    const restored = (event: PageTransitionEvent) => {
      if (!event.persisted) return;
      setBusy(false);
      void proposal.reload();
    };
    window.addEventListener("pageshow", restored);
    return () => window.removeEventListener("pageshow", restored);
  }, [proposal]);

  const pay = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const { checkout_url } = await startCheckout(view.id, payment.id);
      proposal.focus(payment.id);
      window.location.assign(checkout_url);
    } catch (error) {
      setProblem(asProblem(error));
      setBusy(false);
      // Somebody else may have paid meanwhile: show what is true now.
      await proposal.reload();
    }
  };

  return (
    <section className="card offer" aria-labelledby="pay-title" data-stage={proposal.stage}>
      {deposit && <Steps at={2} />}
      {proposal.arrival === "cancelled" && (
        <p className="notice neutral" role="status">
          {t.cancelled}
        </p>
      )}
      {failed ? (
        <div className="notice red" role="alert">
          <strong>{t.failedTitle}</strong>
          <p>
            {t.failedLead(payment.failure)} {t.failedNext}
          </p>
        </div>
      ) : null}
      <h2 id="pay-title" className="label" tabIndex={-1}>
        {t.payTitle(part(payment))}
      </h2>
      <p className="figure">{amount}</p>
      {!failed && <p className="quiet">{deposit ? t.payLead : t.payPartLead(view.contractor.name)}</p>}
      <Wrong problem={problem} />
      {mayPay(view, payment) && (
        <button type="button" className="primary wide" onClick={() => void pay()} disabled={busy}>
          {busy ? t.opening : failed ? t.payAgain(amount) : deposit ? t.pay(amount) : t.payPart(amount)}
        </button>
      )}
      <dl className="sum">
        <Row name={t.totalLine} value={money(view.total_minor + view.changes_minor, view.currency)} />
        {payment.remaining_minor > 0 && <Row name={t.rest} value={money(payment.remaining_minor, payment.currency)} />}
      </dl>
      <p className="quiet small">{t.paySafe}</p>
    </section>
  );
}

export function Simulate({ view, proposal }: { view: PortalView; proposal: ProposalState }) {
  const { t, money } = useWords();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [declined, setDeclined] = useState(false);
  const { payment } = view;

  const simulate = async (outcome: Outcome) => {
    setBusy(true);
    setProblem(null);
    setDeclined(false);
    try {
      const session = await startCheckout(view.id, payment.id);
      proposal.focus(payment.id);
      await simulatePayment(view.id, session.session_id, outcome);
      if (outcome === "declined") setDeclined(true);
      else proposal.awaitPayment();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      // Also when it was refused: somebody else may have paid meanwhile.
      await proposal.reload();
      setBusy(false);
    }
  };

  return (
    <section className="card simulated" aria-labelledby="simulated-title" data-stage="simulate">
      <h2 id="simulated-title" tabIndex={-1}>
        {t.simulatedTitle}
      </h2>
      <p className="figure">{money(payment.amount_minor, payment.currency)}</p>
      <p>{t.simulatedLead}</p>
      {declined && (
        <p className="notice amber" role="alert">
          {t.simulatedDeclinedNote}
        </p>
      )}
      <Wrong problem={problem} />
      <div className="stack">
        <button type="button" className="primary wide" disabled={busy} onClick={() => void simulate("paid")}>
          {t.simulatedCard(money(payment.amount_minor, payment.currency))}
        </button>
        <button type="button" className="secondary" disabled={busy} onClick={() => void simulate("bank_clears")}>
          {t.simulatedBankClears}
        </button>
        <button type="button" className="secondary" disabled={busy} onClick={() => void simulate("bank_fails")}>
          {t.simulatedBankFails}
        </button>
        <button type="button" className="secondary" disabled={busy} onClick={() => void simulate("declined")}>
          {t.simulatedDeclined}
        </button>
        <button type="button" className="link" disabled={busy} onClick={proposal.settle}>
          {t.simulatedBack}
        </button>
      </div>
    </section>
  );
}
