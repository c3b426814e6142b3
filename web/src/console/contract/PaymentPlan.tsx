/** The parts in which a contract is paid: what came, what is due, what can be asked for next. */

import { Button, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import type { Payment } from "../data/books";
import { askForPayment, partsQuery } from "../data/contract";
import type { Proposal } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Money, State } from "../parts/Money";
import { Block } from "../parts/Page";

export function PaymentPlan({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const { data, error, refetch } = useQuery({ ...partsQuery(proposal.id), enabled: may("payments:read") });
  if (!proposal.approval || !may("payments:read")) return null;
  const parts = (data?.items ?? []).filter(({ state }) => state !== "void").toReversed();
  const next = parts.find(({ state }) => state === "planned");
  return (
    <Block title="Payments of this contract" acts>
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton h={96} aria-busy="true" />}
      {data && (
        <>
          <ul className="plan">
            {parts.map((part) => (
              <Part key={part.id} part={part} askable={part === next && proposal.status === "approved"} />
            ))}
          </ul>
          <p className="plan-total">
            <span>Contract</span>
            <Money minor={proposal.total_minor + proposal.changes_minor} currency={proposal.currency} />
          </p>
        </>
      )}
    </Block>
  );
}

function Part({ part, askable }: { part: Payment; askable: boolean }) {
  const may = useMay();
  const ask = useAct(() => askForPayment(part.id), { refresh: ["payments", "proposals"] });
  return (
    <li>
      <div className="plan-part">
        <Link to="/payments/$id" params={{ id: String(part.id) }}>
          {part.name}
        </Link>
        <Money minor={part.amount_minor} currency={part.currency} />
        <State kind="payment" state={part.state} />
      </div>
      {askable && may("payments:write") && (
        <Button variant="default" size="xs" loading={ask.isPending} onClick={() => ask.mutate()}>
          Ask for {formatMoney(part.amount_minor, part.currency)}
        </Button>
      )}
      {ask.error && <Failed problem={ask.error} />}
    </li>
  );
}
