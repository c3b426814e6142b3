/** One payout: its amount beside what Stripe says is in it. */

import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { movementWord } from "../../words/reconciliation";
import { type PayoutDetail, type PayoutItem, payoutQuery } from "../data/reconciliation";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block, Empty, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { type Column, Rows } from "../parts/Rows";

const CATEGORIES: Record<string, string> = {
  charge: "payment",
  refund_failure: "refund_return",
  dispute_reversal: "dispute_return",
  payout_reversal: "payout_return",
  fee: "account_fee",
};

const COLUMNS: Column<PayoutItem>[] = [
  {
    name: "Movement",
    cell: (item) => (
      <>
        {item.proposal_id === null ? (
          (item.description ?? movementWord(CATEGORIES[item.category] ?? item.category))
        ) : (
          <Link to="/proposals/$id" params={{ id: String(item.proposal_id) }}>
            {item.proposal_title}
          </Link>
        )}
        <small>{[movementWord(CATEGORIES[item.category] ?? item.category), item.customer_name].filter(Boolean).join(" · ")}</small>
      </>
    ),
  },
  { name: "Gross", right: true, cell: (item) => <Money minor={item.amount_minor} currency={item.currency} /> },
  { name: "Fee", right: true, cell: (item) => <Money minor={-item.fee_minor} currency={item.currency} /> },
  { name: "Net", right: true, cell: (item) => <Money minor={item.net_minor} currency={item.currency} /> },
  { name: "When", wideOnly: true, cell: (item) => <Ago at={item.created_at} /> },
];

export function PayoutPage() {
  const { id } = useParams({ from: "/office/payments/payouts/$id" });
  const { data, error, refetch } = useQuery(payoutQuery(id));
  return (
    <Page
      title="Payout"
      parent={{ to: "/payments?tab=payouts", label: "Payouts" }}
      beside={data && <State kind="payout" state={data.status} />}
    >
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!data && !error && <RecordBones />}
      {data && <Shown payout={data} />}
    </Page>
  );
}

function Shown({ payout }: { payout: PayoutDetail }) {
  const listing = { items: payout.items, problem: null, more: null, loadingMore: false, retry: () => undefined };
  return (
    <>
      <Block title="To the bank">
        <p className="amount">{formatMoney(payout.amount_minor, payout.currency)}</p>
        <Facts
          facts={[
            ["At the bank", payout.arrival_date ? formatDay(payout.arrival_date.slice(0, 10)) : "Not known yet"],
            [
              "What is in it",
              payout.itemised_at ? (
                <Money key="net" minor={payout.items_net_minor} currency={payout.currency} />
              ) : payout.automatic ? (
                "Stripe has not said yet"
              ) : (
                "Stripe itemises only payouts on its schedule"
              ),
            ],
            ["Stripe's name", <code key="id">{payout.payout_id}</code>],
            ...(payout.failure ? ([["What happened", payout.failure]] as [string, React.ReactNode][]) : []),
          ]}
        />
      </Block>
      <Block title="What is in it" flush>
        <Rows
          label="What is in it"
          listing={listing}
          columns={COLUMNS}
          keyOf={(item) => item.transaction_id}
          empty={<Empty>Once Stripe has itemised this payout, its payments, fees and refunds stand here.</Empty>}
        />
      </Block>
    </>
  );
}
