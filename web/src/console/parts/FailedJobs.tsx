/** Work in the background that gave up: a sentence for each kind, and a button that runs it again. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FailedJob, failedJobsQuery, retryJob } from "../data/books";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block } from "./Page";
import { count } from "./words";

const SENTENCES: Record<string, string> = {
  follow_up: "What follows a payment or a new connection did not run. Paid deposits are found again every minute; run it to be sure.",
  run_lane: "Putting deposits into QuickBooks stopped. What is paid waits safely; run it to go on.",
  handle_inbox_event: "A message from Stripe or QuickBooks could not be worked through. It is kept; run it again.",
  fetch_fee: "Stripe did not tell the fee of this payment. The deposit itself is not affected.",
  fetch_refunds: "Stripe did not tell the refunds of this payment, so the refunded amount here may be too low.",
  send_refund: "A refund that was asked for has not reached Stripe, so the customer has not got the money yet.",
  expire_session: "An old payment page could not be closed at Stripe. Should somebody pay there, it is told here as a difference.",
};

export function FailedJobs() {
  const { data, error, refetch } = useQuery(failedJobsQuery);
  if (error && !data) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!data || data.length === 0) return null;
  return (
    <Block title={`Background work that gave up (${data.length})`}>
      <ul className="needs">
        {data.map((job) => (
          <Job key={job.id} job={job} />
        ))}
      </ul>
    </Block>
  );
}

function Job({ job }: { job: FailedJob }) {
  const may = useMay();
  const retry = useAct(() => retryJob(job.id));
  const paymentId = job.args["payment_id"];
  return (
    <li>
      <div className="need-words">
        <span>{SENTENCES[job.task] ?? `The task ${job.task.replaceAll("_", " ")} did not get through.`}</span>
        <p>
          {typeof paymentId === "number" && (
            <>
              <Link to="/payments/$id" params={{ id: String(paymentId) }}>
                Payment {paymentId}
              </Link>{" "}
              ·{" "}
            </>
          )}
          Tried {count(job.attempts, "time")} · number {job.id}
        </p>
        {retry.error && <Failed problem={retry.error} />}
      </div>
      {may("books:write") && (
        <Button variant="default" size="xs" loading={retry.isPending} onClick={() => retry.mutate()}>
          Run again
        </Button>
      )}
    </li>
  );
}
