/** The quota: reads from QuickBooks that Intuit counts, by day and by operation, and how many this company may use. */

import { Button, Group, NumberInput, Progress, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatDay, formatMonth } from "../../words/dates";
import { type Quota, quotaQuery, setBudget } from "../data/quota";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block, Empty } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

const LEVELS: Record<Quota["level"], { words: string; tone: string }> = {
  all: { words: "All reads go on.", tone: "green" },
  no_checks: {
    words: "Four fifths are used. Checks wait for the next month; webhooks, the daily look and all writing go on.",
    tone: "amber",
  },
  writes_only: { words: "Nearly all are used. Only writing, and what it needs to be exact, goes on.", tone: "red" },
  nothing: { words: "All are used. Only writing goes on, until the month ends or the budget is raised.", tone: "red" },
};

export function BooksQuota() {
  const { data, error, refetch } = useQuery(quotaQuery);
  if (!data) return error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />;
  const level = LEVELS[data.level];
  return (
    <>
      <Block title={`Reads in ${formatMonth(data.month)}`} actions={<span className={`pill ${level.tone}`}>{data.percent} % used</span>}>
        <p className="amount">
          {number(data.used)} <span className="quiet">of {number(data.budget)}</span>
        </p>
        <Progress value={Math.min(100, data.percent)} color={data.level === "all" ? "accent" : "red.9"} aria-label="Part of the reads that is used" my="sm" />
        <p>{level.words}</p>
        <Text size="sm" c="dimmed" mt={4}>
          At this pace the month ends with {number(data.forecast)}. All companies of this installation together:{" "}
          {number(data.all_used)} of {number(data.all_budget)}. Writes are free; Intuit counts answered reads only.
        </Text>
        <BudgetForm quota={data} />
      </Block>
      <Block title="By day">
        <DayChart quota={data} />
      </Block>
      <Block title="By operation" flush>
        <Operations quota={data} />
      </Block>
    </>
  );
}

function BudgetForm({ quota }: { quota: Quota }) {
  const may = useMay();
  const [reads, setReads] = useState<number | string>(quota.budget);
  const save = useAct(() => setBudget(Number(reads)), { refresh: ["qbo-quota"] });
  if (!may("books:write")) return null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <Group align="end" gap="sm" mt="md">
        <NumberInput label="This company’s reads a month" min={100} max={500_000} step={500} thousandSeparator="," value={reads} onChange={setReads} />
        <Button type="submit" variant="default" loading={save.isPending} disabled={Number(reads) === quota.budget || Number(reads) < 100}>
          Save
        </Button>
      </Group>
      {save.error && <Failed problem={save.error} />}
    </form>
  );
}

const WIDTH = 720;
const HEIGHT = 140;

function DayChart({ quota }: { quota: Quota }) {
  const most = Math.max(1, ...quota.days.map(({ reads }) => reads));
  const step = WIDTH / Math.max(quota.days.length, 1);
  const first = quota.days[0];
  const last = quota.days.at(-1);
  if (!first || !last || quota.used === 0) return <Empty>No read was counted this month. Each day’s reads will stand here.</Empty>;
  return (
    <figure className="chart">
      <figcaption className="legend">
        <span className="quiet">
          {formatDay(first.day)} to {formatDay(last.day)}, at most {number(most)} a day
        </span>
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={`${number(quota.used)} reads over ${quota.days.length} days`} width="100%">
        {quota.days.map((day, i) => {
          const height = (day.reads / most) * (HEIGHT - 4);
          return (
            <rect key={day.day} className="quota-bar" x={i * step + 1} y={HEIGHT - height} width={Math.max(2, step - 4)} height={height} rx={2}>
              <title>{`${formatDay(day.day)}: ${number(day.reads)}`}</title>
            </rect>
          );
        })}
      </svg>
      <details className="chart-table">
        <summary>As a table</summary>
        <Table aria-label="Reads by day" verticalSpacing={4}>
          <Table.Tbody>
            {quota.days.map((day) => (
              <Table.Tr key={day.day}>
                <Table.Th scope="row">{formatDay(day.day)}</Table.Th>
                <Table.Td className="right">{number(day.reads)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </details>
    </figure>
  );
}

function Operations({ quota }: { quota: Quota }) {
  if (quota.operations.length === 0) return <Empty>Nothing was asked of QuickBooks this month.</Empty>;
  return (
    <Table aria-label="Reads by operation" verticalSpacing={9} className="rows">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">Operation</Table.Th>
          <Table.Th scope="col" className="right">
            Requests
          </Table.Th>
          <Table.Th scope="col" className="right">
            Metered reads
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {quota.operations.map((row) => (
          <Table.Tr key={row.operation}>
            <Table.Td>{row.doing}</Table.Td>
            <Table.Td className="right" data-name="Requests">
              {number(row.calls)}
            </Table.Td>
            <Table.Td className="right" data-name="Metered reads">
              {number(row.reads)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const number = (n: number) => n.toLocaleString("en-US");
