/** Every write that was sent to QuickBooks, and what became of it. */

import { type QboRequest, qboRequestsQuery } from "../data/books";
import { useListing } from "../data/pages";
import { Ago } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const STATES: Record<string, { word: string; tone: string }> = {
  prepared: { word: "Prepared", tone: "neutral" },
  sent: { word: "Sent, no answer yet", tone: "amber" },
  succeeded: { word: "Accepted", tone: "green" },
  refused: { word: "Refused", tone: "red" },
};

const COLUMNS: Column<QboRequest>[] = [
  {
    name: "Request",
    cell: (request) => (
      <>
        {request.operation.replaceAll("_", " ")}
        <small>{request.subject}</small>
      </>
    ),
  },
  {
    name: "Answer",
    cell: (request) => <Answer request={request} />,
  },
  { name: "In QuickBooks", cell: (request) => request.qbo_id ?? <span className="quiet">—</span> },
  { name: "Tries", right: true, wideOnly: true, cell: (request) => request.attempts },
  {
    name: "Names",
    wideOnly: true,
    cell: (request) => (
      <span className="small-print">
        <code title="requestid: what makes a repetition harmless">{request.requestid}</code>
        {request.intuit_tid && <code title="intuit_tid: quote it to Intuit's support">{request.intuit_tid}</code>}
      </span>
    ),
  },
  { name: "When", cell: (request) => <Ago at={request.answered_at ?? request.created_at} /> },
];

function Answer({ request }: { request: QboRequest }) {
  const { word, tone } = STATES[request.state] ?? { word: request.state, tone: "neutral" };
  return <span className={`pill ${tone}`}>{word}</span>;
}

export function RequestLog() {
  const listing = useListing(qboRequestsQuery);
  return (
    <section className="block flush" aria-label="Sync log">
      <Rows
        label="Sync log"
        listing={listing}
        columns={COLUMNS}
        keyOf={(request) => request.id}
        empty={<Empty>Nothing was sent to QuickBooks yet. Every write will stand here, with its answer.</Empty>}
      />
    </section>
  );
}
