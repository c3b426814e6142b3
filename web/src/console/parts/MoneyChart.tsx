/** Money in and money in the books over time: two lines that should meet, and the same numbers as a table. */

import { formatDay } from "../../words/dates";
import { exponent, formatMoney } from "../../words/money";
import { saveCsv } from "./saveCsv";

export type DayOfMoney = { date: string; received_minor: number; booked_minor: number };

const WIDTH = 720;
const HEIGHT = 190;
const LEFT = 8;
const RIGHT = 8;
const TOP = 12;
const BOTTOM = 24;

/** The scale never ends below this, in whole units of the currency: a cent is no scale. */
const TOP_MIN = 1_000;
const ROUND_STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Returns running sums: what had come in, and what stood in the books, at the end of each day. */
export function running(days: DayOfMoney[]): DayOfMoney[] {
  let received = 0;
  let booked = 0;
  return days.map((day) => ({
    date: day.date,
    received_minor: (received += day.received_minor),
    booked_minor: (booked += day.booked_minor),
  }));
}

/** Returns the round amount at which the scale ends: 472500 USD is 500000. */
export function scaleTop(most_minor: number, currency: string): number {
  const least = TOP_MIN * 10 ** exponent(currency);
  if (most_minor <= least) return least;
  const decade = 10 ** Math.floor(Math.log10(most_minor));
  return (ROUND_STEPS.find((step) => step * decade >= most_minor) ?? 10) * decade;
}

export function MoneyChart({ days, currency }: { days: DayOfMoney[]; currency: string }) {
  const sums = running(days);
  const last = sums.at(-1);
  const first = sums[0];
  if (!first || !last) return null;
  const top = scaleTop(Math.max(last.received_minor, last.booked_minor), currency);
  const empty = last.received_minor === 0 && last.booked_minor === 0;
  const x = (i: number) => LEFT + (i / Math.max(sums.length - 1, 1)) * (WIDTH - LEFT - RIGHT);
  const y = (minor: number) => TOP + (1 - minor / top) * (HEIGHT - TOP - BOTTOM);
  const path = (of: (day: DayOfMoney) => number) =>
    sums.map((day, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)},${y(of(day)).toFixed(1)}`).join("");

  return (
    <figure className="chart">
      <figcaption className="legend">
        <span className="key received">Money in</span>
        <span className="key booked">In the books</span>
        <span className="quiet">
          {formatDay(first.date)} to {formatDay(last.date)}
        </span>
      </figcaption>
      <div className="chart-plot">
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={sentence(last, currency)} preserveAspectRatio="none">
          <line className="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={y(0)} y2={y(0)} />
          <line className="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(top)} y2={y(top)} />
          <line className="grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(top / 2)} y2={y(top / 2)} />
          <path className="received" d={path((day) => day.received_minor)} />
          <path className="booked" d={path((day) => day.booked_minor)} />
        </svg>
        <span className="chart-top" aria-hidden="true">
          {formatMoney(top, currency)}
        </span>
        {empty && <p className="chart-empty">No money came in during these days. Each paid deposit lifts both lines.</p>}
      </div>
      <details className="chart-table">
        <summary>Show the numbers</summary>
        <button type="button" className="link-button" onClick={() => saveCsv("Money in and in the books", cellsOf(sums, currency))}>
          Save as CSV
        </button>
        <table>
          <caption className="sr-only">Money in and money in the books, running sums by day</caption>
          <thead>
            <tr>
              <th scope="col">Day</th>
              <th scope="col">Money in</th>
              <th scope="col">In the books</th>
            </tr>
          </thead>
          <tbody>
            {sums.map((day) => (
              <tr key={day.date}>
                <th scope="row">{formatDay(day.date)}</th>
                <td>{formatMoney(day.received_minor, currency)}</td>
                <td>{formatMoney(day.booked_minor, currency)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

function cellsOf(sums: DayOfMoney[], currency: string): string[][] {
  return [
    ["Day", "Money in", "In the books"],
    ...sums.map((day) => [day.date, formatMoney(day.received_minor, currency), formatMoney(day.booked_minor, currency)]),
  ];
}

function sentence(last: DayOfMoney, currency: string): string {
  return `${formatMoney(last.received_minor, currency)} came in, ${formatMoney(last.booked_minor, currency)} stands in the books.`;
}
