/** The receipt: what was paid, when, what for, what remains, and what happens next. */

import { shownPaymentState, stateWord } from "../words/states";
import { Card, Row } from "./Card";
import type { PortalView } from "./view";
import { useWords } from "./words";

export function Paid({ view }: { view: PortalView }) {
  const { t, language, money, moment, part } = useWords();
  const { payment, contractor } = view;
  const shown = shownPaymentState(payment);
  const state = stateWord("payment", shown, language);
  const remaining = payment.remaining_minor > 0 ? money(payment.remaining_minor, payment.currency) : null;
  return (
    <>
      <Card stage="paid" tone={shown === "paid" ? "green" : state.tone} title={shown === "paid" ? t.paidTitle : state.word}>
        <p className="figure">{money(payment.amount_minor, payment.currency)}</p>
        <p>{t.paidLead(contractor.name)}</p>
        {payment.simulated && <p className="pill amber">{t.simulatedMark}</p>}
        <h3>{t.receipt}</h3>
        <dl className="sum">
          <Row name={t.amountPaid} value={money(payment.amount_minor, payment.currency)} strong />
          {payment.paid_at && <Row name={t.paidOn} value={moment(payment.paid_at)} />}
          <Row name={t.paidFor} value={`${part(payment)}, ${view.title} (${t.proposal(view.number)})`} />
          {(payment.refunded_minor ?? 0) > 0 && (
            <Row name={t.refunded} value={money(payment.refunded_minor ?? 0, payment.currency)} />
          )}
          <Row name={t.remaining} value={remaining ?? t.nothingRemains} />
        </dl>
      </Card>
      <section className="card" aria-labelledby="next">
        <h2 id="next">{t.next}</h2>
        <ol className="next">
          {t.nextSteps(contractor.name, remaining).map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <button type="button" className="secondary wide" onClick={() => window.print()}>
          {t.print}
        </button>
      </section>
    </>
  );
}
