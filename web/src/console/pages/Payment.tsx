/** One payment: its amount, what Stripe kept, what was given back, and its numbers at Stripe. */

import { Button, Group } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { type Payment as PaymentData, paymentQuery } from "../data/books";
import { Failed } from "../parts/Failed";
import { State } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { PaymentInBooks } from "../parts/PaymentInBooks";
import { RecordBones } from "../parts/RecordBones";
import { RefundButton } from "../parts/RefundButton";
import { Refunds } from "../parts/Refunds";

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
            <Trouble payment={data} />
            <Facts facts={moneyFacts(data)} />
            <RefundButton payment={data} />
          </Block>
          <PaymentInBooks payment={data} />
          {data.refunded_minor > 0 && (
            <Block title="Refunds" flush>
              <Refunds paymentId={data.id} />
            </Block>
          )}
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
                ["Customer", data.customer_name],
                ["Stripe session", <code key="session">{data.stripe_session_id ?? "—"}</code>],
                ["Stripe payment", <code key="intent">{data.stripe_payment_intent ?? "—"}</code>],
              ]}
            />
          </Block>
        </div>
      </div>
    </Page>
  );
}

/** What went wrong with the money, and where a person can do something about it. */
function Trouble({ payment }: { payment: PaymentData }) {
  const atStripe = stripeAddress(payment);
  if (payment.state === "disputed") {
    return (
      <Notice
        words="The customer’s bank disputes this payment. Answer with your signed proposal and photos before Stripe’s deadline; unanswered disputes are lost."
        button={
          atStripe && (
            <Button component="a" href={atStripe} target="_blank" rel="noreferrer" variant="default" size="xs">
              Answer in Stripe
            </Button>
          )
        }
      />
    );
  }
  if (!payment.failure || payment.state === "paid") return null;
  return (
    <Notice
      words={`${payment.failure} The customer can pay again with the same link.`}
      button={
        <Button
          renderRoot={(props) => <Link to="/proposals/$id" params={{ id: String(payment.proposal_id) }} {...props} />}
          variant="default"
          size="xs"
        >
          Get customer link
        </Button>
      }
    />
  );
}

function Notice({ words, button }: { words: string; button: React.ReactNode }) {
  return (
    <div className="notice red">
      <Group justify="space-between" gap="sm">
        <span className="grow">{words}</span>
        {button}
      </Group>
    </div>
  );
}

/** Returns where Stripe shows a payment; test mode has its own part of the dashboard. */
function stripeAddress({ simulated, stripe_payment_intent, stripe_session_id }: PaymentData): string | null {
  if (simulated || !stripe_payment_intent) return null;
  const mode = stripe_session_id?.startsWith("cs_test_") ? "test/" : "";
  return `https://dashboard.stripe.com/${mode}payments/${stripe_payment_intent}`;
}

function moneyFacts(payment: PaymentData): [string, React.ReactNode][] {
  const money = (minor: number | null | undefined) =>
    typeof minor === "number" ? formatMoney(minor, payment.currency) : "Not known yet";
  if (!payment.paid_at) return [["Paid", "Not yet"]];
  return [
    ["Paid", formatMoment(payment.paid_at)],
    ["Stripe’s fee", money(payment.fee_minor)],
    ["Arrives at the bank", money(payment.net_minor)],
    ["Refunded", money(payment.refunded_minor)],
  ];
}
