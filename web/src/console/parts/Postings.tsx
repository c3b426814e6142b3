/** What is on its way into the books, by how far it is; what stumbled can be tried again. */

import { Button, Checkbox, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatAgo, isAhead } from "../../words/dates";
import { postingKindWord } from "../../words/postings";
import {
  overviewQuery,
  type Posting,
  type PostingState,
  postingsQuery,
  retryAllPostings,
  retryPosting,
} from "../data/books";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { BulkPostings } from "./BulkPostings";
import { Failed } from "./Failed";
import { Ago, Money } from "./Money";
import { Empty } from "./Page";
import { PostingActions, TakeBack } from "./PostingActions";
import { type Column, Rows } from "./Rows";

const EMPTY: Record<PostingState, string> = {
  needs_you: "Nothing needs you. What QuickBooks refuses appears here, with the reason and a button.",
  waiting: "Nothing waits. Paid deposits stand here until QuickBooks has them, usually for seconds.",
  posted: "Nothing is in the books yet. Each paid deposit appears here with its invoice number.",
  skipped: "Nothing was left out. What a person leaves out of the books stands here, with the reason, and can be taken back.",
};

const LABELS: Record<PostingState, string> = {
  needs_you: "Needs you",
  waiting: "Waiting for QuickBooks",
  posted: "In the books",
  skipped: "Left out",
};

const ABOUT: Column<Posting> = {
  name: "What",
  cell: (posting) => (
    <>
      {posting.proposal_id === null ? (
        postingKindWord(posting.kind)
      ) : (
        <Link to="/proposals/$id" params={{ id: String(posting.proposal_id) }}>
          {posting.proposal_title}
        </Link>
      )}
      <small>
        {[posting.proposal_id === null ? null : postingKindWord(posting.kind), posting.customer_name].filter(Boolean).join(" · ")}
      </small>
    </>
  ),
};
const AMOUNT: Column<Posting> = {
  name: "Amount",
  right: true,
  cell: (posting) => <Money minor={posting.amount_minor} currency={posting.currency} />,
};
const PAID: Column<Posting> = {
  name: "Paid",
  wideOnly: true,
  cell: (posting) => (posting.paid_at ? <Ago at={posting.paid_at} /> : <span className="quiet">—</span>),
};

const COLUMNS: Record<PostingState, Column<Posting>[]> = {
  needs_you: [
    ABOUT,
    AMOUNT,
    { name: "What happened", cell: (posting) => posting.problem ?? "QuickBooks refused it without a reason." },
    {
      name: "",
      right: true,
      cell: (posting) => (
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          {posting.problem_code === "customer-match" ? (
            <Button variant="default" size="xs" renderRoot={(props) => <Link to="/books/review" {...props} />}>
              Say who it is
            </Button>
          ) : (
            <Retry posting={posting} />
          )}
          <PostingActions posting={posting} />
        </Group>
      ),
    },
  ],
  skipped: [
    ABOUT,
    AMOUNT,
    PAID,
    { name: "Why it was left out", cell: (posting) => posting.skipped_why },
    { name: "", right: true, cell: (posting) => <TakeBack posting={posting} /> },
  ],
  waiting: [
    ABOUT,
    AMOUNT,
    PAID,
    {
      name: "Next try",
      cell: (posting) => <NextTry posting={posting} />,
    },
    { name: "", right: true, cell: (posting) => <Retry posting={posting} /> },
  ],
  posted: [
    ABOUT,
    AMOUNT,
    PAID,
    { name: "In the books", cell: (posting) => (posting.posted_at ? <Ago at={posting.posted_at} /> : "—") },
    { name: "Invoice", right: true, cell: (posting) => posting.qbo_invoice_id ?? "—" },
    { name: "Document", right: true, wideOnly: true, cell: (posting) => posting.qbo_payment_id ?? otherDocument(posting) },
  ],
};

export function Postings({ state }: { state: PostingState }) {
  const listing = useListing(postingsQuery(state));
  const may = useMay();
  const all = useAct(() => retryAllPostings());
  const [ids, setIds] = useState<ReadonlySet<number>>(new Set());
  const several = state === "needs_you" && may("books:write") && (listing.items?.length ?? 0) > 1;
  const chosen = listing.items?.filter(({ id }) => ids.has(id)) ?? [];
  const choose = (id: number, on: boolean) =>
    setIds((before) => (on ? new Set([...before, id]) : new Set([...before].filter((each) => each !== id))));
  return (
    <>
      {several && chosen.length === 0 && (
        <div className="block-actions">
          <Button variant="default" size="xs" loading={all.isPending} onClick={() => all.mutate()}>
            Try all again
          </Button>
        </div>
      )}
      {chosen.length > 0 && <BulkPostings chosen={chosen} onDone={() => setIds(new Set())} />}
      {all.error && <Failed problem={all.error} />}
      <Rows
        label={LABELS[state]}
        listing={listing}
        columns={several ? [choiceOf(ids, choose), ...COLUMNS[state]] : COLUMNS[state]}
        keyOf={(posting) => posting.id}
        empty={<Empty>{EMPTY[state]}</Empty>}
      />
    </>
  );
}

function choiceOf(ids: ReadonlySet<number>, choose: (id: number, on: boolean) => void): Column<Posting> {
  return {
    name: "Choose",
    choice: true,
    cell: (posting) => (
      <Checkbox
        aria-label={`Choose ${posting.proposal_title ?? posting.subject}`}
        checked={ids.has(posting.id)}
        onChange={(event) => choose(posting.id, event.currentTarget.checked)}
      />
    ),
  };
}

/** The document of what has neither invoice nor payment of its own, as a refund. */
function otherDocument(posting: Posting): string {
  return posting.documents.map((document) => document.qbo_id).join(", ") || "—";
}

function NextTry({ posting }: { posting: Posting }) {
  const connected = useConnected();
  return (
    <>
      {!connected ? "When QuickBooks is connected" : isAhead(posting.next_attempt_at) ? formatAgo(posting.next_attempt_at) : "Now"}
      {posting.problem && <small>{posting.problem}</small>}
    </>
  );
}

function useConnected(): boolean {
  const state = useQuery(overviewQuery).data?.connection.state;
  return state === "connected" || state === "reconnect_soon";
}

function Retry({ posting }: { posting: Posting }) {
  const may = useMay();
  const connected = useConnected();
  const retry = useAct(() => retryPosting(posting.id));
  // What waits for a connection needs that first; what a person mended may go back in line before.
  if (!may("books:write") || (!connected && posting.state !== "needs_you")) return null;
  return (
    <>
      <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
        Try again
      </Button>
      {retry.error && <Failed problem={retry.error} />}
    </>
  );
}
