/** Requests to QuickBooks as rows: what for, what came of it, when; each leads to its request and answer. */

import type { Listing } from "../data/pages";
import type { Call } from "../data/syncLog";
import { Ago, State } from "./Money";
import { type Column, Rows } from "./Rows";
import { subjectWords } from "./words";

const COLUMNS: Column<Call>[] = [
  {
    name: "Request",
    cell: (call) => (
      <>
        {call.doing}
        {call.subject && <small>{subjectWords(call.subject)}</small>}
      </>
    ),
  },
  {
    name: "Answer",
    cell: (call) => (
      <>
        <State kind="call" state={call.outcome} />
        {call.outcome !== "ok" && <small>{call.sentence}</small>}
      </>
    ),
  },
  { name: "Code", wideOnly: true, cell: (call) => call.code || <span className="quiet">—</span> },
  { name: "Took", right: true, wideOnly: true, cell: (call) => <span className="short">{took(call.milliseconds)}</span> },
  { name: "Cost", wideOnly: true, cell: (call) => <span className="short">{call.metered ? "1 read" : "Free"}</span> },
  { name: "When", cell: (call) => <Ago at={call.at} /> },
];

export function CallTable({ label, listing, empty }: { label: string; listing: Listing<Call>; empty: React.ReactNode }) {
  return (
    <Rows
      label={label}
      listing={listing}
      columns={COLUMNS}
      keyOf={(call) => call.id}
      href={(call) => `/books/log/${call.id}`}
      empty={empty}
    />
  );
}

/** Returns a duration as people read it: `340 ms`, `2.4 s`. */
export function took(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
