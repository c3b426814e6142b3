/** From which day on payments are taken into the books: what a choice does, how far it is, and stopping it. */

import { Button, Group, Progress, TextInput } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import {
  type Backfill,
  type BackfillPart,
  type BackfillPlan,
  type BackfillRun,
  backfillPlanQuery,
  backfillQuery,
  cancelBackfill,
  type Days,
  startBackfill,
} from "../data/backfill";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block, Facts } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { count } from "../parts/words";

export function BooksBackfill() {
  const { data, error, refetch } = useQuery(backfillQuery);
  if (!data) return error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />;
  return (
    <>
      {data.run && <Newest run={data.run} connected={data.connected} />}
      {!data.run?.running && <Choose backfill={data} />}
    </>
  );
}

function Newest({ run, connected }: { run: BackfillRun; connected: boolean }) {
  const may = useMay();
  const stop = useAct(cancelBackfill);
  const all = run.posted + run.waiting + run.needs_you;
  const done = all - run.waiting;
  return (
    <Block title={`Payments ${daysInWords(run)}`} actions={<span className={`pill ${toneOf(run)}`}>{stateOf(run, connected)}</span>}>
      {run.running && (
        <>
          <p className="amount">
            {done.toLocaleString("en-US")} <span className="quiet">of {count(all, "payment")}</span>
          </p>
          <Progress value={(100 * done) / all} my="sm" aria-label="Part of the payments that is taken in" />
        </>
      )}
      <p role="status">
        {sentenceOf(run, connected)}
        {run.needs_you > 0 && (
          <>
            {" "}
            <Link to="/books/needs-you">{count(run.needs_you, "needs you", "need you")}</Link>.
          </>
        )}
      </p>
      {run.running && may("books:write") && (
        <Group mt="sm">
          <Button variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>
            Stop
          </Button>
          <span className="quiet">What is on its way is finished; what still waits is left out until you choose again.</span>
        </Group>
      )}
      {stop.error && <Failed problem={stop.error} />}
    </Block>
  );
}

function Choose({ backfill }: { backfill: Backfill }) {
  const may = useMay();
  const [days, setDays] = useState<Days>({
    from_day: backfill.run?.from_day ?? null,
    to_day: backfill.run?.to_day ?? null,
  });
  const plan = useQuery({ ...backfillPlanQuery(days), placeholderData: keepPreviousData });
  const start = useAct(() => startBackfill(days));
  const problem = start.error ?? plan.error;
  const at = (field: keyof Days) => (problem instanceof Problem ? problem.field(field) : undefined);
  const told = at("from_day") ?? at("to_day");
  return (
    <Block title="Choose the days">
      <p>
        Payments that wait go into QuickBooks from the first day on that you choose, often the first of your financial year or the day
        after your last close. Older ones are left out, with the reason, and can be taken back at any time. Refunds, payouts and disputes go by their own day,
        a payment’s fee with the payment; what Stripe held at the start is an opening balance on Stripe Clearing that you enter in
        QuickBooks. What comes in from now on is always booked.
      </p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate();
        }}
      >
        <Group align="start" gap="sm" my="md">
          <TextInput
            label="First day"
            description="Empty: nothing is too old"
            type="date"
            value={days.from_day ?? ""}
            error={at("from_day")}
            onChange={(event) => {
              start.reset();
              setDays({ ...days, from_day: event.currentTarget.value || null });
            }}
          />
          <TextInput
            label="Last day"
            description="Empty: all up to now"
            type="date"
            value={days.to_day ?? ""}
            error={at("to_day")}
            onChange={(event) => {
              start.reset();
              setDays({ ...days, to_day: event.currentTarget.value || null });
            }}
          />
        </Group>
        {plan.data && !plan.error && (
          <Facts
            facts={[
              ["Taken in", partInWords(plan.data.taken)],
              ["Left out", partInWords(plan.data.left_out)],
              ["Time", timeInWords(plan.data, backfill.connected)],
            ]}
          />
        )}
        {problem && !told && <Failed problem={problem} onRetry={start.error ? undefined : () => void plan.refetch()} />}
        {may("books:write") && (
          <Button type="submit" mt="md" loading={start.isPending} disabled={!plan.data || Boolean(plan.error) || nothingWaits(plan.data)}>
            {plan.data && !plan.error ? buttonWords(plan.data) : "Take in"}
          </Button>
        )}
      </form>
    </Block>
  );
}

const nothingWaits = ({ taken, left_out }: BackfillPlan) =>
  taken.payments + taken.others + left_out.payments + left_out.others === 0;

function buttonWords(plan: BackfillPlan): string {
  if (nothingWaits(plan)) return "Nothing waits";
  if (plan.taken.payments > 0) return `Take in ${count(plan.taken.payments, "payment")}`;
  if (plan.taken.others > 0) return "Take in what waits";
  return plan.left_out.payments > 0 ? `Leave out ${count(plan.left_out.payments, "payment")}` : "Leave out what waits";
}

function stateOf(run: BackfillRun, connected: boolean): string {
  if (run.cancelled_at) return "Stopped";
  if (!run.running) return "Done";
  return connected ? "Running" : "Waits for QuickBooks";
}

function toneOf(run: BackfillRun): string {
  if (run.cancelled_at) return "amber";
  return run.running ? "blue" : "green";
}

function sentenceOf(run: BackfillRun, connected: boolean): string {
  if (run.cancelled_at) return `Stopped on ${formatDay(run.cancelled_at.slice(0, 10))}; ${count(run.posted, "payment")} stood in the books by then.`;
  if (!run.running) return run.posted === 0 ? "No payment waited for it." : `${count(run.posted, "payment stands", "payments stand")} in the books.`;
  if (!connected) return "It begins when QuickBooks is connected.";
  return `${count(run.waiting, "payment waits", "payments wait")}; at least ${count(run.minutes_left, "minute")} more.`;
}

function timeInWords(plan: BackfillPlan, connected: boolean): string {
  if (plan.taken.payments === 0) return "None";
  const least = `At least ${count(plan.minutes, "minute")}, as fast as QuickBooks allows`;
  return connected ? least : `${least}, once it is connected`;
}

function daysInWords({ from_day, to_day }: Pick<BackfillRun, "from_day" | "to_day">): string {
  if (from_day && to_day) return `from ${formatDay(from_day)} to ${formatDay(to_day)}`;
  if (from_day) return `since ${formatDay(from_day)}`;
  return to_day ? `until ${formatDay(to_day)}` : "of all days";
}

function partInWords(part: BackfillPart): string {
  const sums = part.amounts.map(({ amount_minor, currency }) => formatMoney(amount_minor, currency)).join(" and ");
  const others = part.others > 0 ? count(part.others, "refund, fee, payout or dispute", "refunds, fees, payouts and disputes") : "";
  if (part.payments === 0) return others || "Nothing";
  return `${count(part.payments, "payment")}, ${sums}${others && `; ${others}`}`;
}
