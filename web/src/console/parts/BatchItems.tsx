/** The documents of one batch, each with what became of it: one request outside, one row each here. */

import type { BatchItem } from "../data/syncLog";
import { State } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";
import { subjectWords } from "./words";

const COLUMNS: Column<BatchItem>[] = [
  {
    name: "Document",
    cell: (item) => (
      <>
        {item.doing}
        {item.subject && <small>{subjectWords(item.subject)}</small>}
      </>
    ),
  },
  { name: "Number", cell: (item) => item.number ?? <span className="quiet">—</span> },
  {
    name: "Answer",
    cell: (item) => (
      <>
        <State kind="call" state={item.outcome} />
        {item.outcome !== "ok" && <small>{item.sentence}</small>}
      </>
    ),
  },
  { name: "Code", wideOnly: true, cell: (item) => item.code || <span className="quiet">—</span> },
];

export function BatchItems({ items, onRetry }: { items: BatchItem[]; onRetry: () => void }) {
  return (
    <Rows
      label="Documents in this batch"
      listing={{ items, problem: null, retry: onRetry, more: null, loadingMore: false }}
      columns={COLUMNS}
      keyOf={(item) => item.id}
      href={(item) => `/books/log/${item.id}`}
      empty={<Empty>No document of this batch is known any more.</Empty>}
    />
  );
}
