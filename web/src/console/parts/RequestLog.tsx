/** Every write that was sent to QuickBooks, and what became of it. */

import { useQuery } from "@tanstack/react-query";
import { formatMonth } from "../../words/dates";
import { type QboRequest, qboRequestsQuery, usageQuery } from "../data/books";
import { useListing } from "../data/pages";
import { Ago } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";
import { count } from "./words";

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
        {sentenceCase(request.operation)}
        <small>{subjectWords(request.subject)}</small>
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
  const why = request.fault?.["sentence"];
  return (
    <>
      <span className={`pill ${tone}`}>{word}</span>
      {typeof why === "string" && <small>{why}</small>}
    </>
  );
}

function sentenceCase(name: string): string {
  const words = name.replaceAll("_", " ");
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Returns what a request was about: `payment:3` is `Payment 3`, `customer:2:Marisol Vega` is `Marisol Vega`. */
export function subjectWords(subject: string): string {
  const [kind = "", ...rest] = subject.split(":");
  const named = rest.at(-1);
  return named && !/^\d+$/.test(named) ? named : [sentenceCase(kind), ...rest].join(" ");
}

export function RequestLog() {
  const listing = useListing(qboRequestsQuery);
  return (
    <>
      <Usage />
      <Rows
        label="Sync log"
        listing={listing}
        columns={COLUMNS}
        keyOf={(request) => request.id}
        empty={<Empty>Nothing was sent to QuickBooks yet. Every write will stand here, with its answer.</Empty>}
      />
    </>
  );
}

/** Writes are free; reads count against a monthly allowance (Intuit's "Builder tier API limits", 2026-01-08). */
function Usage() {
  const { data } = useQuery(usageQuery);
  return (
    <p className="usage">
      {data
        ? `${formatMonth(data.month)}: ${count(data.calls, "call")} to QuickBooks, ${count(data.metered, "metered read")} among them. Writes are free; Intuit counts the reads.`
        : "\u00a0"}
    </p>
  );
}
