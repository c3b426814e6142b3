/** The movements on which Stripe, PeakPro and QuickBooks do not agree: what each has, why, and what to do. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { movementWord } from "../../words/reconciliation";
import { retryPosting } from "../data/books";
import { useListing } from "../data/pages";
import { type Line, linesQuery } from "../data/reconciliation";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Empty } from "./Page";
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
  { name: "", right: true, cell: (line) => <WayOut line={line} /> },
];

export function ReconciliationLines({ run }: { run: number }) {
  const listing = useListing(linesQuery(run));
  return (
    <Rows
      label="What differs"
      listing={listing}
      columns={COLUMNS}
      keyOf={(line) => line.position}
      empty={<Empty>Nothing differs. A movement that one of the three has otherwise would stand here, with the reason.</Empty>}
    />
  );
}

function Figure({ minor, currency }: { minor: number | null; currency: string }) {
  if (minor === null) return <span className="quiet">nothing</span>;
  return <span className="money">{formatMoney(minor, currency)}</span>;
}

const RETRIED = new Set(["retry", "open_period", "book", "mapping"]);

function WayOut({ line }: { line: Line }) {
  const may = useMay();
  const retry = useAct(() => retryPosting(line.posting_id ?? 0));
  if (line.action === "differences") return <Link to="/books/differences">See both sides</Link>;
  if (line.posting_id !== null && RETRIED.has(line.action ?? "") && may("books:write")) {
    return (
      <>
        <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
          {retry.isSuccess ? "Queued" : "Try again"}
        </Button>
        {retry.error && <Failed problem={retry.error} />}
      </>
    );
  }
  if (line.kind.startsWith("payout") && line.payout_id) {
    return (
      <Link to="/payments/payouts/$id" params={{ id: line.payout_id }}>
        See payout
      </Link>
    );
  }
  if (line.payment_id !== null) {
    return (
      <Link to="/payments/$id" params={{ id: String(line.payment_id) }}>
        See payment
      </Link>
    );
  }
  return null;
}
