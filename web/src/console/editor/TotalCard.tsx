/** What the proposal comes to, while it is typed. The stored figures are computed by the API. */

import { formatMoney } from "../../words/money";
import { type Draft, totalsOf } from "./draft";

export function TotalCard({ draft, currency, standard }: { draft: Draft; currency: string; standard: number }) {
  const offers = draft.options.length > 0 ? draft.options : [null];
  return (
    <section className="block total-card" aria-label="Total" aria-live="polite">
      {offers.map((option) => {
        const lines = option ? [...draft.lines, ...option.lines] : draft.lines;
        const totals = totalsOf(lines, draft.deposit, currency, standard);
        return (
          <dl key={option?.key ?? "all"}>
            {option && <dt className="total-option">{option.name}</dt>}
            <div className="total-main">
              <dt>Total</dt>
              <dd>{formatMoney(totals.total, currency)}</dd>
            </div>
            <div>
              <dt>Subtotal</dt>
              <dd>{formatMoney(totals.subtotal, currency)}</dd>
            </div>
            <div>
              <dt>Tax</dt>
              <dd>{formatMoney(totals.tax, currency)}</dd>
            </div>
            <div>
              <dt>Deposit</dt>
              <dd>{formatMoney(totals.deposit, currency)}</dd>
            </div>
          </dl>
        );
      })}
    </section>
  );
}
