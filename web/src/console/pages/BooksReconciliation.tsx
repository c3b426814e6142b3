/** Stripe = PeakPro = QuickBooks: a month in three columns that should agree, each difference with its reason. */

import { Button, Group, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { formatAgo, formatDay, formatMonth } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { stepWord } from "../../words/reconciliation";
import { useListing } from "../data/pages";
import { periodOf, type PayoutLine, reportAddress, type Run, type RunDetail, runQuery, runsQuery, startRun } from "../data/reconciliation";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block, Empty } from "../parts/Page";
import { ReconciliationLines } from "../parts/ReconciliationLines";
import { RecordBones } from "../parts/RecordBones";
import { type Column, Rows } from "../parts/Rows";
import { DayColumns, MonthColumns } from "../parts/ThreeColumns";

const MONTHS_SHOWN = 18;

export function BooksReconciliation() {
  const [today] = useState(() => new Date().toLocaleDateString("en-CA")); // the reader's own day, as YYYY-MM-DD
  const { month = today.slice(0, 7), run: chosen } = useSearch({ from: "/office/books/reconciliation" });
  const navigate = useNavigate();
  const runs = useListing(runsQuery(month));
  const latest = runs.items?.[0]?.id;
  const id = chosen ?? latest;
  return (
    <>
      <Group justify="space-between" gap="sm" className="reconciliation-head">
        <Select
          label="Month"
          data={months(today)}
          value={month}
          allowDeselect={false}
          onChange={(value) => void navigate({ to: "/books/reconciliation", search: { month: value ?? undefined } })}
        />
        <Group gap="xs" align="flex-end">
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
          <RunNow month={month} today={today} />
        </Group>
      </Group>
      {runs.problem && <Failed problem={runs.problem} onRetry={runs.retry} />}
      {runs.items?.length === 0 && (
        <Empty>
          {formatMonth(month)} was not compared yet. It is compared every night; Compare now does it at once.
        </Empty>
      )}
      {!runs.items && !runs.problem && <RecordBones />}
      {id !== undefined && <Shown id={id} />}
      {(runs.items?.length ?? 0) > 1 && (
        <Block title="Earlier runs" flush>
          <Rows label="Earlier runs" listing={runs} columns={HISTORY} keyOf={(run) => run.id} empty={null} />
        </Block>
      )}
    </>
  );
}

function RunNow({ month, today }: { month: string; today: string }) {
  const may = useMay();
  const navigate = useNavigate();
  const [key, setKey] = useState(idempotencyKey);
  const start = useAct(() => startRun(key, periodOf(month, today)), {
    refresh: ["reconciliations"],
    onDone: (run) => {
      setKey(idempotencyKey());
      void navigate({ to: "/books/reconciliation", search: { month, run: run.id } });
    },
  });
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
        <ReconciliationLines run={run.id} />
      </Block>
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
          {formatDay(run.from_day)} to {formatDay(run.to_day)}, {run.lines.toLocaleString("en-US")} movements compared{" "}
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
      <Link to="/books/reconciliation" search={{ month: run.to_day.slice(0, 7), run: run.id }}>
        <Ago at={run.started_at} />
      </Link>
    ),
  },
  { name: "Days", wideOnly: true, cell: (run) => `${formatDay(run.from_day)} to ${formatDay(run.to_day)}` },
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
