/** The change orders of a contract, each with what it adds and what became of it. */

import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import { type ChangeOrder, changeOrdersQuery } from "../data/contract";
import type { Proposal } from "../data/proposals";
import { useMay } from "../data/session";
import { Failed } from "../parts/Failed";
import { Ago, State } from "../parts/Money";
import { Block, Empty } from "../parts/Page";

export function ChangeOrders({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const contract = proposal.approval !== null;
  const { data, error, refetch } = useQuery({ ...changeOrdersQuery(proposal.id), enabled: contract });
  if (!contract) return null;
  const writes = may("proposals:write") && proposal.status === "approved";
  return (
    <Block
      title="Change orders"
      actions={
        writes && (
          <Button
            variant="default"
            size="xs"
            renderRoot={(props) => (
              <Link to="/proposals/$id/change-orders/new" params={{ id: String(proposal.id) }} {...props} />
            )}
          >
            Write a change order
          </Button>
        )
      }
    >
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton h={60} aria-busy="true" />}
      {data?.items.length === 0 && (
        <Empty>
          More work or less of it is agreed here: the customer signs the change, and what is unpaid is divided anew.
        </Empty>
      )}
      <ul className="plan">
        {data?.items.map((order) => (
          <Row key={order.id} order={order} currency={proposal.currency} />
        ))}
      </ul>
    </Block>
  );
}

function Row({ order, currency }: { order: ChangeOrder; currency: string }) {
  return (
    <li>
      <div className="plan-part">
        <Link
          to="/proposals/$id/change-orders/$order"
          params={{ id: String(order.proposal_id), order: String(order.id) }}
        >
          {order.position}. {order.title}
        </Link>
        <span className="money">{signed(order.total_minor, currency)}</span>
        <State kind="change" state={order.state} />
      </div>
      {order.decline_reason && <p className="small-print">“{order.decline_reason}”</p>}
      <p className="small-print">
        <span>
          {order.decided_at ? "Decided " : order.sent_at ? "Sent " : "Written "}
          <Ago at={order.decided_at ?? order.sent_at ?? order.created_at} />
        </span>
      </p>
    </li>
  );
}

/** Returns `+$500.00` for an addition and `−$500.00` for a credit. */
export function signed(minor: number, currency: string): string {
  const amount = formatMoney(Math.abs(minor), currency);
  return minor < 0 ? `−${amount}` : `+${amount}`;
}
