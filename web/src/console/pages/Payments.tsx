/** All payments, what was given back, and what Stripe sent to the bank; newest first. */

import { Tabs } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { paymentsQuery, type Payment } from "../data/books";
import { useListing } from "../data/pages";
import { Ago, Money, State } from "../parts/Money";
import { Empty, Page } from "../parts/Page";
import { Payouts } from "../parts/Payouts";
import { Refunds } from "../parts/Refunds";
import { type Column, Rows } from "../parts/Rows";
import { TakeAlong } from "../parts/TakeAlong";
import { PAYMENTS_TABS, type PaymentsTab } from "../router";

const TITLES: Record<PaymentsTab, string> = { payments: "Payments", refunds: "Refunds", payouts: "Payouts" };

const COLUMNS: Column<Payment>[] = [
  {
    name: "Payment",
    cell: (payment) => (
      <>
        {payment.proposal_title}
        <small>
          {payment.name} · {payment.customer_name}
          {payment.simulated && " · simulated, no money moved"}
        </small>
      </>
    ),
  },
  { name: "State", cell: (payment) => <State kind="payment" state={payment.state} /> },
  {
    name: "Amount",
    right: true,
    cell: (payment) => (
      <>
        <Money minor={payment.amount_minor} currency={payment.currency} />
        {payment.refunded_minor > 0 && (
          <small>
            <Money minor={payment.refunded_minor} currency={payment.currency} /> refunded
          </small>
        )}
      </>
    ),
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
  const { tab = "payments" } = useSearch({ from: "/office/payments" });
  const navigate = useNavigate({ from: "/payments" });
  return (
    <Page title="Payments" actions={<TakeAlong kind="payments" />}>
      <Tabs
        value={tab}
        onChange={(value) => void navigate({ search: { tab: value === "payments" ? undefined : (value as PaymentsTab) } })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Payments">
          {PAYMENTS_TABS.map((each) => (
            <Tabs.Tab key={each} value={each}>
              {TITLES[each]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        <Tabs.Panel value="payments">
          <div className="block flush">
            <AllPayments />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="refunds">
          <div className="block flush">
            <Refunds />
          </div>
        </Tabs.Panel>
        <Tabs.Panel value="payouts">
          <div className="block flush">
            <Payouts />
          </div>
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function AllPayments() {
  const listing = useListing(paymentsQuery);
  return (
    <Rows
      label="Payments"
      listing={listing}
      columns={COLUMNS}
      keyOf={(payment) => payment.id}
      href={(payment) => `/payments/${payment.id}`}
      empty={<Empty>Deposits appear here as soon as a customer starts to pay.</Empty>}
    />
  );
}
