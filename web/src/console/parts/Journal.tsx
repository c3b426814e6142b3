/** Documents with what each debits and credits, as a bookkeeper writes them down. */

import type { JournalDocument } from "../data/mapping";
import { formatMoney } from "../../words/money";

export function Journal({ documents, currency, label }: { documents: JournalDocument[]; currency: string; label: string }) {
  const figure = (minor: number) => (minor === 0 ? "" : formatMoney(minor, currency));
  return (
    <table className="journal" aria-label={label}>
      <thead>
        <tr>
          <th scope="col">Account</th>
          <th scope="col" className="right">
            Debit
          </th>
          <th scope="col" className="right">
            Credit
          </th>
        </tr>
      </thead>
      {documents.map((document) => (
        <tbody key={document.said}>
          <tr className="journal-document">
            <th scope="rowgroup" colSpan={3}>
              {document.said}
            </th>
          </tr>
          {document.entries.map((entry) => (
            <tr key={`${entry.account} ${entry.debit_minor}`}>
              <td className={entry.credit_minor > 0 ? "journal-credit" : undefined}>{entry.account}</td>
              <td className="right money">{figure(entry.debit_minor)}</td>
              <td className="right money">{figure(entry.credit_minor)}</td>
            </tr>
          ))}
        </tbody>
      ))}
    </table>
  );
}
