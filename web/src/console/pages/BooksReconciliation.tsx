/** Stripe = PeakPro = QuickBooks: a month, or any days, in three columns that should agree, each difference with its reason. */

import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { formatAgo, formatDay, formatMonth } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { stepWord } from "../../words/reconciliation";
import { useListing } from "../data/pages";
import {
  type Period,
  periodOf,
  type PayoutLine,
  type ReconciliationSearch,
  reportAddress,
  type Run,
  type RunDetail,
  runQuery,
  runsQuery,
} from "../data/reconciliation";
import { useMay } from "../data/session";
import { EnteredByHand } from "../parts/EnteredByHand";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block, Empty } from "../parts/Page";
import { ReconciliationLines } from "../parts/ReconciliationLines";
import { RecordBones } from "../parts/RecordBones";
import { type Column, Rows } from "../parts/Rows";
import { DayColumns, MonthColumns } from "../parts/ThreeColumns";
import { useCompare } from "../parts/useCompare";

const MONTHS_SHOWN = 18;

export function BooksReconciliation() {
  const [today] = useState(() => new Date().toLocaleDateString("en-CA")); // the reader's own day, as YYYY-MM-DD
  const search = useSearch({ from: "/office/books/reconciliation" });
  const period = periodOf(search, today);
  const { month, from_day, to_day } = period;
  // A month's figures are those of a run from its first day; the days looked at one by one are listed below.
  const whole = useListing(runsQuery(month ? { month, from_day } : { from_day, to_day }));
  const runs = useListing(runsQuery(month ? { month } : { from_day, to_day }));
  const id = search.run ?? widest(whole.items ?? [])?.id;
  const backwards = from_day > to_day;
  return (
    <>
      <Days period={period} today={today}>
        {id !== undefined && (
          <>
            <Button component="a" variant="default" href={reportAddress(id, "pdf")} target="_blank" rel="noreferrer">
              Report (PDF)
            </Button>
            <Button component="a" variant="default" href={reportAddress(id, "csv")} download>
              CSV
            </Button>
          </>
        )}
        {!backwards && <RunNow period={period} />}
      </Days>
      {backwards && (
        <p className="notice amber" role="status">
          The first day is after the last one. Choose the days again.
        </p>
      )}
      {whole.problem && <Failed problem={whole.problem} onRetry={whole.retry} />}
      {whole.items?.length === 0 && id === undefined && !backwards && (
        <Empty>
          {month
            ? `${formatMonth(month)} was not compared yet. It is compared every night; Compare now does it at once.`
            : `${daysWords(from_day, to_day)} was not compared yet. Compare now does it at once.`}
        </Empty>
      )}
      {!whole.items && !whole.problem && <RecordBones />}
      {id !== undefined && <Shown id={id} />}
      {(runs.items?.length ?? 0) > 1 && (
        <Block title="Earlier runs" flush>
          <Rows label="Earlier runs" listing={runs} columns={HISTORY} keyOf={(run) => run.id} empty={null} />
        </Block>
      )}
    </>
  );
}

/** The run that reaches furthest, the newest of those; the list comes newest first. */
function widest(runs: Run[]): Run | undefined {
  return runs.reduce<Run | undefined>((best, run) => (best && best.to_day >= run.to_day ? best : run), undefined);
}

function daysWords(from: string, to: string): string {
  return from === to ? formatDay(from) : `${formatDay(from)} to ${formatDay(to)}`;
}

/** A month, or any days; what is chosen is the address, so that it can be sent to somebody. */
function Days({ period, today, children }: { period: Period; today: string; children: ReactNode }) {
  const navigate = useNavigate({ from: "/books/reconciliation" });
  const choose = (search: ReconciliationSearch) => void navigate({ search, replace: true });
  const { from_day, to_day } = period;
  return (
    <Group justify="space-between" gap="sm" className="reconciliation-head">
      <Group gap="xs" align="flex-end" role="search" aria-label="Days to compare">
        <Select
          label="Month"
          placeholder="Other days"
          data={months(today)}
          value={period.month ?? null}
          allowDeselect={false}
          onChange={(value) => choose({ month: value ?? undefined })}
        />
        <TextInput
          label="From"
          type="date"
          max={today}
          value={from_day}
          onChange={(event) => event.currentTarget.value && choose({ from: event.currentTarget.value, to: to_day })}
        />
        <TextInput
          label="To"
          type="date"
          value={to_day}
          onChange={(event) => event.currentTarget.value && choose({ from: from_day, to: event.currentTarget.value })}
        />
      </Group>
      <Group gap="xs" align="flex-end">
        {children}
      </Group>
    </Group>
  );
}

function RunNow({ period }: { period: Period }) {
  const may = useMay();
  const start = useCompare(period);
  if (!may("books:write")) return null;
  return (
    <>
      <Button loading={start.isPending} onClick={() => start.mutate()}>
        Compare now
      </Button>
      {start.error && <Failed problem={start.error} />}
    </>
  );
}

function Shown({ id }: { id: number }) {
  const { data: run, error, refetch } = useQuery(runQuery(id));
  if (error && !run) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!run) return <RecordBones />;
  if (run.state === "running") {
    return (
      <p className="notice blue" role="status">
        {stepWord(run.step)}
      </p>
    );
  }
  if (run.state === "failed") {
    return (
      <p className="notice red" role="alert">
        {run.problem} Compare again when that is mended.
      </p>
    );
  }
  return <Done run={run} />;
}

function Done({ run }: { run: RunDetail }) {
  const { figures } = run;
  return (
    <>
      <Verdict run={run} />
      {figures.problems.map((problem) => (
        <p key={problem} className="notice amber" role="status">
          {problem}
        </p>
      ))}
      {figures.currencies.map((currency) => (
        <Block key={currency.currency} title={`What moved, in ${currency.currency}`} flush>
          <MonthColumns currency={currency} />
        </Block>
      ))}
      <Block title="What differs" flush>
        <ReconciliationLines run={run} />
      </Block>
      <EnteredByHand />
      <Block title="Payouts" flush>
        <PayoutLines payouts={figures.payouts} />
      </Block>
      {figures.currencies.map((currency) => (
        <Block key={currency.currency} title={`By day, in ${currency.currency}`} flush>
          <DayColumns days={figures.days} currency={currency.currency} />
        </Block>
      ))}
    </>
  );
}

function Verdict({ run }: { run: RunDetail }) {
  const { live } = run.figures;
  const settled = run.unexplained_minor === 0;
  return (
    <section className={`verdict ${!settled ? "red" : run.to_do_minor > 0 ? "amber" : "green"}`} aria-label="Result">
      <div>
        <span className="verdict-name">Unexplained</span>
        <strong className="money verdict-figure">{formatMoney(run.unexplained_minor, run.currency)}</strong>
      </div>
      <div>
        <p>{sentence(run)}</p>
        {live && live.stripe_minor !== null && live.clearing_minor !== null && (
          <p>
            Stripe holds <Money minor={live.stripe_minor} currency={run.currency} />, Stripe Clearing in QuickBooks{" "}
            <Money minor={live.clearing_minor} currency={run.currency} />.
          </p>
        )}
        <small>
          {daysWords(run.from_day, run.to_day)}, {run.lines.toLocaleString("en-US")} movements compared{" "}
          {formatAgo(run.started_at)}
        </small>
      </div>
    </section>
  );
}

function sentence(run: RunDetail): string {
  if (run.differences === 0) return "Stripe, PeakPro and QuickBooks agree on every movement.";
  const count = run.differences === 1 ? "1 movement differs" : `${run.differences.toLocaleString("en-US")} movements differ`;
  if (run.to_do_minor === 0) return `${count}, each for a reason that settles by itself.`;
  return `${count}; ${formatMoney(run.to_do_minor, run.currency)} of that needs somebody. Each has its reason below.`;
}

const PAYOUTS: Column<PayoutLine>[] = [
  {
    name: "Payout",
    cell: (payout) => (
      <>
        <Link to="/payments/payouts/$id" params={{ id: payout.payout_id }}>
          {payout.arrives ? `At the bank ${formatDay(payout.arrives)}` : formatDay(payout.day)}
        </Link>
        <small>{payout.itemised ? payout.items === 1 ? "1 movement in it" : `${payout.items} movements in it` : "Stripe has not said yet what is in it"}</small>
      </>
    ),
  },
  { name: "State", cell: (payout) => <State kind="payout" state={payout.status} /> },
  { name: "In it", right: true, cell: (payout) => <Figure minor={payout.itemised ? payout.items_net : null} payout={payout} /> },
  { name: "Stripe", right: true, cell: (payout) => <Figure minor={payout.stripe} payout={payout} /> },
  { name: "QuickBooks", right: true, cell: (payout) => <Figure minor={payout.books} payout={payout} /> },
];

function Figure({ minor, payout }: { minor: number | null; payout: PayoutLine }) {
  return minor === null ? <span className="quiet">—</span> : <Money minor={minor} currency={payout.currency} />;
}

function PayoutLines({ payouts }: { payouts: PayoutLine[] }) {
  const listing = { items: payouts, problem: null, more: null, loadingMore: false, retry: () => undefined };
  return (
    <Rows
      label="Payouts of this period"
      listing={listing}
      columns={PAYOUTS}
      keyOf={(payout) => payout.payout_id}
      empty={<Empty>Stripe paid nothing out in these days.</Empty>}
    />
  );
}

const HISTORY: Column<Run>[] = [
  {
    name: "Run",
    cell: (run) => (
      <Link to="/books/reconciliation" search={{ from: run.from_day, to: run.to_day, run: run.id }}>
        <Ago at={run.started_at} />
      </Link>
    ),
  },
  { name: "Days", wideOnly: true, cell: (run) => daysWords(run.from_day, run.to_day) },
  { name: "Differences", right: true, cell: (run) => (run.state === "done" ? run.differences : run.state === "failed" ? "Failed" : "Running") },
  { name: "Unexplained", right: true, cell: (run) => <Money minor={run.unexplained_minor} currency={run.currency} /> },
];

function months(today: string): { value: string; label: string }[] {
  const [year = 0, number = 1] = today.split("-").map(Number);
  return Array.from({ length: MONTHS_SHOWN }, (_, back) => {
    const value = new Date(Date.UTC(year, number - 1 - back, 1)).toISOString().slice(0, 7);
    return { value, label: formatMonth(value) };
  });
}
