/** What the proposal comes to and when it is paid, while it is typed. The stored figures are computed by the API. */

import { formatMoney } from "../../words/money";
import type { Draft, LineDraft } from "./draft";
import { type Schedule, scheduleOf, totalsOf } from "./totals";

export function TotalCard({ draft, currency, standard }: { draft: Draft; currency: string; standard: number }) {
  const offers = draft.options.length > 0 ? draft.options : [null];
  return (
    <section className="block total-card" aria-label="Total" aria-live="polite">
      {offers.map((option) => {
        const lines = option ? [...draft.lines, ...option.lines] : draft.lines;
        const { total } = totalsOf(lines, currency);
        const schedule = scheduleOf(total, draft.deposit, draft.milestones, currency, standard);
        return (
          <div key={option?.key ?? "all"} className="total-offer">
            {option && <p className="total-option">{option.name}</p>}
            <Sums lines={lines} currency={currency} />
            <Parts schedule={schedule} total={total} currency={currency} />
          </div>
        );
      })}
    </section>
  );
}

function Sums({ lines, currency }: { lines: LineDraft[]; currency: string }) {
  const { subtotal, tax, total } = totalsOf(lines, currency);
  const most = totalsOf(lines, currency, true).total;
  return (
    <dl>
      <div className="total-main">
        <dt>Total</dt>
        <dd>{formatMoney(total, currency)}</dd>
      </div>
      <div>
        <dt>Subtotal</dt>
        <dd>{formatMoney(subtotal, currency)}</dd>
      </div>
      <div>
        <dt>Tax</dt>
        <dd>{formatMoney(tax, currency)}</dd>
      </div>
      {most !== total && (
        <div>
          <dt>With every extra</dt>
          <dd>{formatMoney(most, currency)}</dd>
        </div>
      )}
    </dl>
  );
}

function Parts({ schedule, total, currency }: { schedule: Schedule; total: number; currency: string }) {
  if (schedule.wrong !== null) return <p className="wrong">{schedule.wrong}</p>;
  if (schedule.parts.length === 0) return null;
  return (
    <table className="total-parts">
      <caption>Paid in parts</caption>
      <tbody>
        {schedule.parts.map((part) => (
          <tr key={part.key}>
            <th scope="row">{part.name || "Milestone"}</th>
            <td>{shareText(part.amount, total)}</td>
            <td>{formatMoney(part.amount, currency)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">Together</th>
          <td>100 %</td>
          <td>{formatMoney(schedule.parts.reduce((sum, { amount }) => sum + amount, 0), currency)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

/** Rounded for the eye; the amounts beside it are exact. */
function shareText(amount: number, total: number): string {
  return `${Number(((amount / total) * 100).toFixed(1))} %`;
}
