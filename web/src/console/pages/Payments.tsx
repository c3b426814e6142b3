/** All payments, newest first, with what became of the money. */

import { paymentsQuery, type Payment } from "../data/books";
import { useListing } from "../data/pages";
import { Ago, Money, State } from "../parts/Money";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";

const COLUMNS: Column<Payment>[] = [
  {
    name: "Payment",
    cell: (payment) => (
      <>
        {payment.proposal_title}
        <small>
          {payment.customer_name}
          {payment.simulated && " · simulated, no money moved"}
        </small>
      </>
    ),
  },
  { name: "State", cell: (payment) => <State kind="payment" state={payment.state} /> },
  {
    name: "Amount",
    right: true,
    cell: (payment) => <Money minor={payment.amount_minor} currency={payment.currency} />,
  },
  {
    name: "Fee",
    right: true,
    wideOnly: true,
    cell: (payment) =>
      typeof payment.fee_minor === "number" ? (
        <Money minor={payment.fee_minor} currency={payment.currency} />
      ) : (
        <span className="quiet">—</span>
      ),
  },
  {
    name: "Paid",
    wideOnly: true,
    cell: (payment) => (payment.paid_at ? <Ago at={payment.paid_at} /> : <span className="quiet">—</span>),
  },
];

export function Payments() {
  const listing = useListing(paymentsQuery);
  return (
    <Page title="Payments">
      <div className="block flush">
        <Rows
          label="Payments"
          listing={listing}
          columns={COLUMNS}
          keyOf={(payment) => payment.id}
          href={(payment) => `/payments/${payment.id}`}
          empty={<Empty>Deposits appear here as soon as a customer starts to pay.</Empty>}
        />
      </div>
    </Page>
  );
}
