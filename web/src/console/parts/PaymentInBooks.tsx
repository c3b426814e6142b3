/** How one payment stands in the books, or what it would post as long as it does not. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { postingKindWord } from "../../words/postings";
import { type Payment, type Posting, postingsOfQuery } from "../data/books";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { WouldPost } from "./DryRun";
import { Money, State } from "./Money";
import { Block, Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const COLUMNS: Column<Posting>[] = [
  {
    name: "What",
    cell: (posting) => (
      <>
        {postingKindWord(posting.kind)}
        {(posting.problem ?? posting.skipped_why) && <small>{posting.problem ?? posting.skipped_why}</small>}
      </>
    ),
  },
  { name: "Amount", right: true, cell: (posting) => <Money minor={posting.amount_minor} currency={posting.currency} /> },
  { name: "State", cell: (posting) => <State kind="books" state={posting.state} /> },
  { name: "In QuickBooks", cell: (posting) => <Documents posting={posting} /> },
];

export function PaymentInBooks({ payment }: { payment: Payment }) {
  return useMay()("books:read") ? <InBooks payment={payment} /> : null;
}

function InBooks({ payment }: { payment: Payment }) {
  const listing = useListing(postingsOfQuery(payment.id));
  const [shown, setShown] = useState(false);
  const own = listing.items?.find((posting) => posting.kind === "payment");
  const open = listing.items !== undefined && !["posted", "different"].includes(own?.state ?? "");
  return (
    <Block title="In the books" flush>
      <Rows
        label="In the books"
        listing={listing}
        columns={COLUMNS}
        keyOf={(posting) => posting.id}
        empty={<Empty>{payment.paid_at ? "On its way to the books in a moment." : "Booked when it is paid."}</Empty>}
      />
      {open && (
        <div className="block-words">
          {shown ? (
            <WouldPost payment={payment.id} />
          ) : (
            <Button variant="default" size="xs" onClick={() => setShown(true)}>
              Show what it would post
            </Button>
          )}
        </div>
      )}
    </Block>
  );
}

function Documents({ posting }: { posting: Posting }) {
  const made = posting.documents.map(({ entity, qbo_id, number }) => `${entity} ${number ?? qbo_id}`).join(", ");
  if (posting.difference_id) {
    return (
      <Link to="/books/differences/$id" params={{ id: String(posting.difference_id) }}>
        {made || "See the difference"}
      </Link>
    );
  }
  if (posting.state === "needs_you") return <Link to="/books/needs-you">See what to do</Link>;
  return made || <span className="quiet">—</span>;
}
