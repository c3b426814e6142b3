/** What Stripe sent to the bank, newest first. */

import { Link } from "@tanstack/react-router";
import { formatDay } from "../../words/dates";
import { type Payout, payoutsQuery } from "../data/books";
import { useListing } from "../data/pages";
import { Ago, Money, State } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const COLUMNS: Column<Payout>[] = [
  {
    name: "Payout",
    cell: (payout) => (
      <>
        <Link to="/payments/payouts/$id" params={{ id: payout.payout_id }}>
          <code>{payout.payout_id}</code>
        </Link>
        <small>{payout.automatic ? "By Stripe's schedule" : "Asked for by hand"}</small>
      </>
    ),
  },
  {
    name: "State",
    cell: (payout) => (
      <>
        <State kind="payout" state={payout.status} />
        {payout.status === "failed" && <small>{failure(payout)}</small>}
      </>
    ),
  },
  { name: "Amount", right: true, cell: (payout) => <Money minor={payout.amount_minor} currency={payout.currency} /> },
  {
    name: "At the bank",
    cell: (payout) =>
      payout.arrival_date ? formatDay(payout.arrival_date.slice(0, 10)) : <span className="quiet">Not known yet</span>,
  },
  { name: "Made", wideOnly: true, cell: (payout) => <Ago at={payout.created_at} /> },
];

function failure(payout: Payout): string {
  return `${payout.failure ?? "The bank refused it."} Check the bank account in Stripe; the money stays in your balance there.`;
}

export function Payouts() {
  const listing = useListing(payoutsQuery);
  return (
    <Rows
      label="Payouts"
      listing={listing}
      columns={COLUMNS}
      keyOf={(payout) => payout.payout_id}
      empty={<Empty>Nothing was paid out yet. What Stripe sends to your bank appears here.</Empty>}
    />
  );
}
