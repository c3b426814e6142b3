/** What went back of a contract's payments, or is on its way, and why. */

import { Link } from "@tanstack/react-router";
import { moneyBackQuery, type RefundOrder } from "../data/contract";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { Failed } from "../parts/Failed";
import { Ago, Money } from "../parts/Money";
import { Block } from "../parts/Page";

const REASONS: Record<string, string> = {
  requested_by_customer: "The customer asked for it",
  overpaid: "Paid too much",
  duplicate: "Paid twice",
  cancelled: "The contract was cancelled",
  other: "Another reason",
};

export function MoneyBack({ proposalId }: { proposalId: number }) {
  const may = useMay();
  return may("payments:read") ? <Orders proposalId={proposalId} /> : null;
}

function Orders({ proposalId }: { proposalId: number }) {
  const { items, problem, retry } = useListing(moneyBackQuery(proposalId));
  if (problem) return <Failed problem={problem} onRetry={retry} />;
  if (!items || items.length === 0) return null;
  return (
    <Block title="Money back">
      <ul className="plan">
        {items.map((order) => (
          <li key={order.id}>
            <div className="plan-part">
              <Link to="/payments/$id" params={{ id: String(order.payment_id) }}>
                {REASONS[order.reason] ?? order.reason}
              </Link>
              <Money minor={order.amount_minor} currency={order.currency} />
              <Standing order={order} />
            </div>
            <p className="small-print">
              <span>
                Asked for <Ago at={order.created_at} />
              </span>
              {order.note && <span>{order.note}</span>}
              {order.problem && <span className="wrong">{order.problem} Open the payment to try again.</span>}
            </p>
          </li>
        ))}
      </ul>
    </Block>
  );
}

function Standing({ order }: { order: RefundOrder }) {
  const [word, tone] = standingOf(order);
  return <span className={`pill ${tone}`}>{word}</span>;
}

function standingOf({ state, refund_status }: RefundOrder): [string, string] {
  if (state === "refused") return ["Refused", "red"];
  if (refund_status === "succeeded") return ["Gone back", "green"];
  if (refund_status === "failed" || refund_status === "canceled") return ["Came back", "red"];
  return ["On its way", "blue"];
}
