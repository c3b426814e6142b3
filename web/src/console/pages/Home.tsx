/** Home: what needs me now? How much came in, and how much of it stands in the books? */

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import { type Overview, overviewQuery } from "../data/books";
import { useMay } from "../data/session";
import { Connection } from "../parts/Connection";
import { Failed } from "../parts/Failed";
import { MoneyChart } from "../parts/MoneyChart";
import { NeedsYouList } from "../parts/NeedsYouList";
import { Block, Page } from "../parts/Page";
import { Selling } from "../parts/Selling";
import { count } from "../parts/words";
import { Welcome } from "./Welcome";

export function Home() {
  const may = useMay();
  // Who sells may not see the books; their home is what they work on.
  if (!may("books:read")) return <Welcome />;
  return <Money />;
}

function Money() {
  const { data, error, refetch } = useQuery(overviewQuery);
  return (
    <Page title="Home">
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {data ? <Answers overview={data} /> : !error && <Bones />}
    </Page>
  );
}

function Answers({ overview }: { overview: Overview }) {
  const { payments, currency, connection } = overview;
  const needs = overview.needs_you.filter(({ kind }) => kind !== "connection"); // its own block says it
  const connected = connection.state === "connected";
  return (
    <>
      {!connected && <Connection overview={overview} />}
      <Block title={needs.length > 0 ? `Needs you (${needs.length})` : "Needs you"}>
        {needs.length > 0 ? (
          <NeedsYouList items={needs} />
        ) : (
          <p className="calm">
            {connected ? "Nothing needs you. Deposits go into QuickBooks by themselves." : "Nothing else needs you."}
          </p>
        )}
      </Block>
      <div className="figures">
        <Figure
          name="Money in"
          amount={formatMoney(payments.amount_minor, currency)}
          words={count(payments.count, "payment")}
          to="/payments"
        />
        <Figure
          name="In the books"
          amount={formatMoney(payments.posted_minor, currency)}
          words={apart(payments.amount_minor - payments.posted_minor, currency)}
          to="/books"
        />
        <Figure
          name="Not in the books yet"
          amount={formatMoney(payments.waiting_minor, currency)}
          words={outside(payments.waiting_count, payments.needs_you_count)}
          to="/books"
          small
        />
        <Figure
          name="Processing at the bank"
          amount={formatMoney(payments.processing_minor, currency)}
          words={processing(payments.processing_count)}
          to="/payments"
          small
        />
      </div>
      <Block title="Money in and in the books">
        <MoneyChart days={overview.days} currency={currency} />
      </Block>
      <Selling withBooks />
      {connected && <Connection overview={overview} />}
    </>
  );
}

function processing(transfers: number): string {
  return transfers > 0 ? `${count(transfers, "bank transfer")}, up to 4 business days` : "No bank transfer under way";
}

function outside(waiting: number, needing: number): string {
  const all = count(waiting, "payment");
  return needing > 0 ? `${all}; ${count(needing, "posting needs", "postings need")} you` : all;
}

function apart(minor: number, currency: string): string {
  if (minor === 0) return "The same to the cent";
  return `${formatMoney(Math.abs(minor), currency)} ${minor > 0 ? "still on its way" : "more than came in"}`;
}

type FigureProps = { name: string; amount: string; words: string; to: string; small?: boolean };

function Figure({ name, amount, words, to, small = false }: FigureProps) {
  return (
    <Link to={to} className={small ? "figure-card small" : "figure-card"}>
      <span className="quiet">{name}</span>
      <strong>{amount}</strong>
      <span className="quiet">{words}</span>
    </Link>
  );
}

function Bones() {
  return (
    <div aria-busy="true">
      <Skeleton h={96} mb="md" />
      <div className="figures">
        {[1, 2, 3, 4].map((each) => (
          <Skeleton key={each} h={112} />
        ))}
      </div>
      <Skeleton h={280} />
    </div>
  );
}
