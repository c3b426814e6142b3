/** What was given back, newest first: all of it, or that of one payment. */

import { Link } from "@tanstack/react-router";
import { type Refund, refundsQuery } from "../data/books";
import { useListing } from "../data/pages";
import { Ago, Money, State } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const REASONS: Record<string, string> = {
  requested_by_customer: "The customer asked for it",
  duplicate: "Paid twice",
  fraudulent: "Fraud",
  expired_uncaptured_charge: "Never collected",
};

const PAYMENT: Column<Refund> = {
  name: "Refund of",
  cell: (refund) => (
    <>
      <Link to="/payments/$id" params={{ id: String(refund.payment_id) }}>
        Payment {refund.payment_id}
      </Link>
      {refund.reason && <small>{REASONS[refund.reason] ?? refund.reason.replaceAll("_", " ")}</small>}
    </>
  ),
};

const COLUMNS: Column<Refund>[] = [
  {
    name: "State",
    cell: (refund) => (
      <>
        <State kind="refund" state={refund.status} />
        {refund.status === "failed" && <small>{failure(refund)}</small>}
      </>
    ),
  },
  { name: "Amount", right: true, cell: (refund) => <Money minor={refund.amount_minor} currency={refund.currency} /> },
  { name: "When", cell: (refund) => <Ago at={refund.created_at} /> },
  { name: "At Stripe", wideOnly: true, cell: (refund) => <code>{refund.refund_id}</code> },
];

function failure(refund: Refund): string {
  const why = refund.failure_reason ? ` (${refund.failure_reason.replaceAll("_", " ")})` : "";
  return `The bank sent it back${why}. The money is with you again; pay it back another way.`;
}

export function Refunds({ paymentId }: { paymentId?: number }) {
  const listing = useListing(refundsQuery(paymentId));
  const ofOne = paymentId !== undefined;
  return (
    <Rows
      label="Refunds"
      listing={listing}
      columns={ofOne ? COLUMNS : [PAYMENT, ...COLUMNS]}
      keyOf={(refund) => refund.refund_id}
      empty={
        <Empty>
          {ofOne
            ? "Nothing was refunded."
            : "Nothing was refunded yet. Open a payment to give money back; refunds made in Stripe appear here too."}
        </Empty>
      }
    />
  );
}
