/** What is to be done about one movement that differs: each cause has its button, or the place where it is settled. */

import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { retryPosting } from "../data/books";
import { lookForChanges } from "../data/differences";
import { restorePosting } from "../data/postings";
import type { Line, Run } from "../data/reconciliation";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { MatchByHand } from "./MatchByHand";
import { useCompare } from "./useCompare";

type Props = { line: Line; run: Run };

export function ReconciliationWayOut({ line, run }: Props) {
  const may = useMay()("books:write");
  return (
    <div className="way-out">
      {may && <Deed line={line} run={run} />}
      <Where line={line} />
    </div>
  );
}

/** The button: what one press does about it. */
function Deed({ line, run }: Props) {
  const posting = line.posting_id;
  switch (line.action) {
    case "retry":
    case "open_period":
    case "mapping":
      return posting === null ? null : <Press name="Try again" done="Queued" act={() => retryPosting(posting)} />;
    case "book":
      if (line.settles && posting !== null) return <Press name="Try now" done="Queued" act={() => retryPosting(posting)} />;
      return <CompareAgain name="Book it now" run={run} />;
    case "fetch":
      return <CompareAgain name="Fetch again" run={run} />;
    case "take_back":
      return posting === null ? null : <Press name="Take back" done="Queued" act={() => restorePosting(posting)} />;
    case "differences":
      return line.difference_id === null ? <Press name="Look in QuickBooks" done="Asked; compare again" act={lookForChanges} /> : null;
    case "by_hand":
      return <MatchByHand line={line} run={run} />;
    default:
      return null;
  }
}

function Press({ name, done, act }: { name: string; done: string; act: () => Promise<unknown> }) {
  const doing = useAct(act);
  return (
    <>
      <Button variant="default" size="xs" loading={doing.isPending} disabled={doing.isSuccess} onClick={() => doing.mutate()}>
        {doing.isSuccess ? done : name}
      </Button>
      {doing.error && <Failed problem={doing.error} />}
    </>
  );
}

/** A comparison fetches what is new at Stripe and books what has no document yet, before it compares. */
function CompareAgain({ name, run }: { name: string; run: Run }) {
  const start = useCompare(run);
  return (
    <>
      <Button variant="default" size="xs" loading={start.isPending} onClick={() => start.mutate()}>
        {name}
      </Button>
      {start.error && <Failed problem={start.error} />}
    </>
  );
}

/** The place where it is seen whole. */
function Where({ line }: { line: Line }) {
  if (line.difference_id !== null) {
    return (
      <Link to="/books/differences/$id" params={{ id: String(line.difference_id) }}>
        See both sides
      </Link>
    );
  }
  if (line.action === "mapping") return <Link to="/books/mapping">Choose the bank account</Link>;
  if (line.action === "retry" || line.action === "open_period") return <Link to="/books/needs-you">See posting</Link>;
  if (line.kind.startsWith("payout") && line.payout_id) {
    return (
      <Link to="/payments/payouts/$id" params={{ id: line.payout_id }}>
        See payout
      </Link>
    );
  }
  if (line.payment_id !== null) {
    return (
      <Link to="/payments/$id" params={{ id: String(line.payment_id) }}>
        See payment
      </Link>
    );
  }
  return null;
}
