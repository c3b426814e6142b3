/** Bars with their numbers beside them, the same as a table for screen readers, and as a CSV file. */

import { saveCsv } from "./saveCsv";

export type Bar = {
  name: string;
  /** What the bar's length shows. */
  value: number;
  /** The value in words, as it stands beside the bar. */
  said: string;
  /** More about it, in small letters. */
  detail?: string;
};

type BarChartProps = {
  /** Says what is shown; the table's caption and the file's name too. */
  title: string;
  /** The columns' heads: name, value, detail. */
  heads: [string, string, string?];
  bars: Bar[];
  tone?: "accent" | "amber";
};

export function BarChart({ title, heads, bars, tone = "accent" }: BarChartProps) {
  const most = Math.max(...bars.map((bar) => bar.value), 1);
  const cells = [heads.filter((head): head is string => head !== undefined), ...bars.map((bar) => [bar.name, bar.said, ...(heads[2] ? [bar.detail ?? ""] : [])])];
  return (
    <figure className="bars">
      <div className="bars-plot" aria-hidden="true">
        {bars.map((bar) => (
          <div key={bar.name} className="bar-row">
            <span className="bar-name">{bar.name}</span>
            <span className="bar-track">
              <span className={`bar ${tone}`} style={{ width: `${(100 * bar.value) / most}%` }} />
            </span>
            <span className="bar-said">
              <strong>{bar.said}</strong>
              {bar.detail && <small>{bar.detail}</small>}
            </span>
          </div>
        ))}
      </div>
      <div className="sr-only">
        <table>
          <caption>{title}</caption>
          <thead>
            <tr>
              {cells[0]?.map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {bars.map((bar) => (
              <tr key={bar.name}>
                <th scope="row">{bar.name}</th>
                <td>{bar.said}</td>
                {heads[2] && <td>{bar.detail}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <button type="button" className="link-button" onClick={() => saveCsv(title, cells)} aria-label={`Save as CSV: ${title}`}>
        Save as CSV
      </button>
    </figure>
  );
}
