/** The same figures as Stripe, PeakPro and QuickBooks have them, in three columns that should agree. */

import { Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { formatDay } from "../../words/dates";
import { KIND_ORDER, movementWord } from "../../words/reconciliation";
import type { Columns, DaySum, RunDetail } from "../data/reconciliation";
import { Money } from "./Money";

const SIDES = [
  ["stripe", "Stripe"],
  ["ours", "PeakPro"],
  ["books", "QuickBooks"],
] as const;

type Row = { name: string; figures: Columns; sum?: boolean; day?: string };

/** Opening, what moved by kind, and closing of one currency. */
export function MonthColumns({ currency }: { currency: RunDetail["figures"]["currencies"][number] }) {
  const kinds = KIND_ORDER.flatMap((kind) => currency.kinds.filter((one) => one.kind === kind));
  const rows: Row[] = [
    { name: "Opening balance", figures: currency.opening, sum: true },
    ...kinds.map((one) => ({ name: movementWord(one.kind), figures: one })),
    { name: "Closing balance", figures: currency.closing, sum: true },
  ];
  return <ColumnsTable label={`Balance in ${currency.currency}`} first="Balance" rows={rows} currency={currency.currency} />;
}

/** Each day's movement, with the way to that day alone; a day with a difference says how many. */
export function DayColumns({ days, currency }: { days: DaySum[]; currency: string }) {
  const byDay = new Map<string, Columns & { differences: number }>();
  for (const one of days.filter((day) => day.currency === currency)) {
    const day = byDay.get(one.day) ?? { stripe: 0, ours: 0, books: 0, differences: 0 };
    for (const [side] of SIDES) day[side] += one[side];
    day.differences += one.differences;
    byDay.set(one.day, day);
  }
  const rows = [...byDay].toReversed().map(([day, figures]) => ({
    name: figures.differences > 0 ? `${formatDay(day)} · ${figures.differences} to look at` : formatDay(day),
    figures,
    day,
  }));
  return <ColumnsTable label="By day" first="Day" rows={rows} currency={currency} />;
}

function ColumnsTable({ label, first, rows, currency }: { label: string; first: string; rows: Row[]; currency: string }) {
  return (
    <Table.ScrollContainer minWidth={0} type="native" tabIndex={0} role="group" aria-label={`${label}, scrolls sideways`}>
      <Table aria-label={label} className="three-columns" verticalSpacing={7}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{first}</Table.Th>
            {SIDES.map(([side, name]) => (
              <Table.Th key={side} scope="col" className="right">
                {name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => {
            const { stripe, ours, books } = row.figures;
            const unlike = stripe !== ours || ours !== books;
            return (
              <Table.Tr key={row.name} className={[row.sum && "sum", unlike && "unlike"].filter(Boolean).join(" ")}>
                <Table.Th scope="row">
                  {row.day ? (
                    <Link to="/books/reconciliation" search={{ from: row.day, to: row.day }}>
                      {row.name}
                    </Link>
                  ) : (
                    row.name
                  )}
                  {unlike && <small>Differs</small>}
                </Table.Th>
                {SIDES.map(([side]) => (
                  <Table.Td key={side} className="right">
                    <Money minor={row.figures[side]} currency={currency} />
                  </Table.Td>
                ))}
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
