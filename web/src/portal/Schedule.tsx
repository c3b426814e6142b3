/** When what is paid: the plan before signing, afterwards each part with its state, what was paid and what remains. */

import { shownPaymentState, stateWord } from "../words/states";
import { Row } from "./Card";
import { mayPay, type Payment, type PortalView, type Price } from "./view";
import { useWords } from "./words";

/** Before the signature: the parts of the price that is chosen. */
export function Plan({ price, currency, pending }: { price: Price; currency: string; pending: boolean }) {
  const { t, money, part } = useWords();
  if (price.schedule.length === 0) return null;
  return (
    <section className="card" aria-labelledby="schedule" aria-busy={pending}>
      <h2 id="schedule">{t.schedule}</h2>
      <ol className="parts">
        {price.schedule.map((each, i) => (
          <li key={each.key}>
            <span className="part-name">
              {part(each)}
              <span className="quiet small">{i === 0 ? t.dueOnSigning : t.dueWhenAsked}</span>
            </span>
            <span className="part-amount">{money(each.amount_minor, currency)}</span>
          </li>
        ))}
      </ol>
      <dl className="sum">
        <Row name={t.totalLine} value={money(price.total_minor, currency)} strong />
      </dl>
      <p className="quiet small">{t.scheduleLead}</p>
    </section>
  );
}

type HistoryProps = { view: PortalView; onPay: (payment: Payment) => void };

/** After the signature: the history of payments, and what remains. */
export function History({ view, onPay }: HistoryProps) {
  const { t, money } = useWords();
  const paid = view.payments.reduce((sum, each) => sum + keptOf(each), 0);
  const open = view.payments.filter((each) => each.state !== "paid");
  const left = view.status === "cancelled" ? 0 : open.reduce((sum, each) => sum + each.amount_minor, 0);
  return (
    <section className="card" aria-labelledby="history">
      <h2 id="history">{t.history}</h2>
      <ol className="parts">
        {view.payments.map((each) => (
          <One key={each.key} view={view} payment={each} onPay={onPay} />
        ))}
      </ol>
      <dl className="sum">
        <Row name={t.paidSoFar} value={money(paid, view.currency)} />
        <Row name={t.stillToPay} value={money(left, view.currency)} strong />
      </dl>
    </section>
  );
}

/** What the contractor has of a part: what came less what was returned. */
export function keptOf(payment: Payment): number {
  return payment.state === "paid" ? payment.amount_minor - payment.refunded_minor : 0;
}

function One({ view, payment, onPay }: { view: PortalView; payment: Payment } & Pick<HistoryProps, "onPay">) {
  const { t, language, money, day, part } = useWords();
  const shown = shownPaymentState(payment);
  const { word, tone } = stateWord("payment", shown, language);
  // The part in the card of the moment has its button there.
  const elsewhere = mayPay(view, payment) && payment.id !== view.payment.id;
  return (
    <li>
      <span className="part-name">
        {part(payment)}
        <span className="part-state">
          <span className={`pill ${tone}`}>{word}</span>
          <span className="quiet small">
            {payment.paid_at && day(payment.paid_at)}
            {shown === "processing" && t.processingDays}
            {payment.refunded_minor > 0 && ` · ${t.refunded} ${money(payment.refunded_minor, payment.currency)}`}
          </span>
        </span>
      </span>
      <span className="part-amount">{money(payment.amount_minor, payment.currency)}</span>
      {elsewhere && (
        <button type="button" className="secondary part-pay" onClick={() => onPay(payment)}>
          {t.toPayPart(money(payment.amount_minor, payment.currency))}
        </button>
      )}
    </li>
  );
}
