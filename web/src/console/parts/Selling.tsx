/** How selling goes: from sent to paid, what deposits are, how soon they come, where leads are from, what waits how long. */

import { SegmentedControl, Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatMoney } from "../../words/money";
import { type Figures, figuresQuery } from "../data/figures";
import { BarChart } from "./BarChart";
import { Failed } from "./Failed";
import { Block } from "./Page";
import { count } from "./words";

const SPANS = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
];

export function Selling({ withBooks }: { withBooks: boolean }) {
  const [days, setDays] = useState("90");
  const { data, error, refetch } = useQuery(figuresQuery(Number(days)));
  const span = <SegmentedControl size="xs" data={SPANS} value={days} onChange={setDays} aria-label="Time span" />;
  if (error && !data) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton h={280} mb="md" aria-busy="true" />;
  return (
    <>
      {withBooks && (
        <Block title="How long money waits for the books">
          {data.ages.some((age) => age.count > 0) ? (
            <BarChart
              title="Paid money that is not in the books yet, by age"
              heads={["Paid", "Amount", "Payments"]}
              tone="amber"
              bars={data.ages.map((age) => ({
                name: age.words,
                value: age.amount_minor,
                said: formatMoney(age.amount_minor, data.currency),
                detail: count(age.count, "payment"),
              }))}
            />
          ) : (
            <p className="calm">Nothing waits: all that was paid stands in the books.</p>
          )}
        </Block>
      )}
      <Block title="From view to payment" actions={span}>
        <Funnel figures={data} />
        <dl className="facts three">
          <div>
            <dt>Average deposit</dt>
            <dd>{data.average_deposit_minor === null ? "—" : formatMoney(data.average_deposit_minor, data.currency)}</dd>
          </div>
          <div>
            <dt>From approval to payment</dt>
            <dd>{data.approval_to_payment_seconds === null ? "—" : spanOf(data.approval_to_payment_seconds)}</dd>
          </div>
          <div>
            <dt>Viewed, then paid</dt>
            <dd>{share(data.funnel.paid, data.funnel.viewed)}</dd>
          </div>
        </dl>
      </Block>
      <Block title="Leads, by where they come from">
        {data.sources.length === 0 ? (
          <p className="calm">No lead came in this time. Put the form on your website to get some.</p>
        ) : (
          <BarChart
            title="Leads by source"
            heads={["Source", "Leads", "What became of them"]}
            bars={data.sources.map((source) => ({
              name: source.source ?? "Not known",
              value: source.leads,
              said: count(source.leads, "lead"),
              detail: `${source.converted} converted, ${source.proposal} with a proposal, ${source.paid} paid`,
            }))}
          />
        )}
      </Block>
    </>
  );
}

function Funnel({ figures }: { figures: Figures }) {
  const { funnel } = figures;
  if (funnel.sent === 0) return <p className="calm">No proposal was sent in this time. The way from view to payment shows here.</p>;
  const steps: [string, number, number | null][] = [
    ["Sent", funnel.sent, null],
    ["Viewed", funnel.viewed, funnel.sent],
    ["Approved", funnel.approved, funnel.viewed],
    ["Paid", funnel.paid, funnel.approved],
  ];
  return (
    <BarChart
      title="Proposals from sent to paid"
      heads={["Step", "Proposals", "Of the step before"]}
      bars={steps.map(([name, value, before]) => ({
        name,
        value,
        said: value.toLocaleString("en-US"),
        detail: before === null ? "" : share(value, before),
      }))}
    />
  );
}

function share(part: number, whole: number): string {
  return whole === 0 ? "—" : `${Math.round((100 * part) / whole)} %`;
}

/** `2 hours`, `3 days`: the coarsest unit that says it. */
function spanOf(seconds: number): string {
  const steps: [number, string][] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const [size, unit] = steps.find(([length]) => seconds >= length) ?? [1, "second"];
  return count(Math.round(seconds / size), unit);
}
