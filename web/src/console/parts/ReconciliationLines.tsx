/** The movements on which Stripe, PeakPro and QuickBooks do not agree: what each has, why, and what to do. */

import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { movementWord } from "../../words/reconciliation";
import { useListing } from "../data/pages";
import { type Line, linesQuery, type Run } from "../data/reconciliation";
import { Empty } from "./Page";
import { ReconciliationWayOut } from "./ReconciliationWayOut";
import { type Column, Rows } from "./Rows";

const COLUMNS: Column<Line>[] = [
  {
    name: "What",
    cell: (line) => (
      <>
        <strong>{movementWord(line.kind)}</strong>
        <small>
          {formatDay(line.day)}
          {line.document && ` · ${line.document}`}
        </small>
        <div className="long">{line.sentence}</div>
      </>
    ),
  },
  { name: "Stripe", right: true, cell: (line) => <Figure minor={line.stripe_minor} currency={line.currency} /> },
  { name: "PeakPro", right: true, cell: (line) => <Figure minor={line.ours_minor} currency={line.currency} /> },
  { name: "QuickBooks", right: true, cell: (line) => <Figure minor={line.books_minor} currency={line.currency} /> },
];

export function ReconciliationLines({ run }: { run: Run }) {
  const listing = useListing(linesQuery(run.id));
  return (
    <Rows
      label="What differs"
      listing={listing}
      columns={columnsOf(run)}
      keyOf={(line) => line.position}
      empty={<Empty>Nothing differs. A movement that one of the three has otherwise would stand here, with the reason.</Empty>}
    />
  );
}

const columnsOf = (run: Run): Column<Line>[] => [
  ...COLUMNS,
  { name: "", right: true, cell: (line) => <ReconciliationWayOut line={line} run={run} /> },
];

function Figure({ minor, currency }: { minor: number | null; currency: string }) {
  if (minor === null) return <span className="quiet">nothing</span>;
  return <span className="money">{formatMoney(minor, currency)}</span>;
}
