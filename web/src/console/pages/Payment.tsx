/** One payment: its amount, what Stripe kept, what was given back, and its numbers at Stripe. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { type Payment as PaymentData, paymentQuery } from "../data/books";
import { Failed } from "../parts/Failed";
import { State } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

const PARENT = { to: "/payments", label: "Payments" };

export function Payment() {
  const id = Number(useParams({ from: "/office/payments/$id" }).id);
  const { data, error, refetch } = useQuery(paymentQuery(id));
  if (!data) {
    return (
      <Page title={`Payment ${id}`} parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  return (
    <Page
      title={`Payment ${id}`}
      parent={PARENT}
      beside={<State kind="payment" state={data.state} />}
    >
      <div className="record">
        <div>
          <Block title="Money">
            <p className="amount">{formatMoney(data.amount_minor, data.currency)}</p>
            {data.simulated && <p className="notice amber">Simulated: no money moved.</p>}
            {data.failure && <p className="notice red">{data.failure}</p>}
            <Facts facts={moneyFacts(data)} />
          </Block>
        </div>
        <div>
          <Block title="Where it belongs">
            <Facts
              facts={[
                [
                  "Proposal",
                  <Link key="proposal" to="/proposals/$id" params={{ id: String(data.proposal_id) }}>
                    {data.proposal_title}
                  </Link>,
                ],
                ["Stripe session", <code key="session">{data.stripe_session_id ?? "—"}</code>],
                ["Stripe payment", <code key="intent">{data.stripe_payment_intent ?? "—"}</code>],
                ["Customer", data.customer_name],
              ]}
            />
          </Block>
        </div>
      </div>
    </Page>
  );
}

function moneyFacts(payment: PaymentData): [string, React.ReactNode][] {
  const money = (minor: number | null | undefined) =>
    typeof minor === "number" ? formatMoney(minor, payment.currency) : "Not known yet";
  return [
    ["Paid", payment.paid_at ? formatMoment(payment.paid_at) : "Not yet"],
    ["Stripe’s fee", money(payment.fee_minor)],
    ["Arrives at the bank", money(payment.net_minor)],
    ["Refunded", money(payment.refunded_minor)],
  ];
}
