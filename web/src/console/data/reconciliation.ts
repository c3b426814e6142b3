/** Runs of the reconciliation with their figures, and what is in a payout. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { pages } from "./pages";

export type Run = Shape<"ReconciliationOut">;
export type RunDetail = Shape<"ReconciliationDetail">;
export type Line = Shape<"ReconciliationDifferenceOut">;
export type Columns = Shape<"Columns">;
export type DaySum = Shape<"DaySum">;
export type PayoutLine = Shape<"PayoutLine">;
export type PayoutDetail = Shape<"PayoutDetail">;
export type PayoutItem = Shape<"PayoutItemOut">;

/** While a run is under way its progress is asked for this often. */
const PROGRESS_MILLISECONDS = 1_000;

/** Runs that lie in a month, or that begin and end on exactly these days. */
export type RunFilter = { month?: string; from_day?: string; to_day?: string };

export const runsQuery = (filter: RunFilter) =>
  pages(["reconciliations", filter], (cursor) =>
    answerOf(client.GET("/reconciliations", { params: { query: { ...filter, cursor, limit: 20 } } })),
  );

export const runQuery = (id: number) =>
  queryOptions({
    queryKey: ["reconciliation", id],
    queryFn: () => answerOf(client.GET("/reconciliations/{run_id}", { params: { path: { run_id: id } } })),
    refetchInterval: (query) => (query.state.data?.state === "running" ? PROGRESS_MILLISECONDS : false),
  });

export const linesQuery = (id: number) =>
  pages(["reconciliation", id, "differences"], (cursor) =>
    answerOf(
      client.GET("/reconciliations/{run_id}/differences", { params: { path: { run_id: id }, query: { cursor } } }),
    ),
  );

export type ByHand = Shape<"ByHandOut">;

/** What somebody entered by hand, and what of Stripe's has no document: the two sides of a match. */
export const matchableQuery = (id: number) =>
  queryOptions({
    queryKey: ["reconciliation", id, "matchable"],
    queryFn: () =>
      answerOf(
        client.GET("/reconciliations/{run_id}/differences", {
          params: { path: { run_id: id }, query: { cause: ["by_hand", "before", "not_ours", "left_out"], limit: 200 } },
        }),
      ),
  });

export const byHandQuery = pages(["clearing-by-hand"], (cursor) =>
  answerOf(client.GET("/clearing/by_hand", { params: { query: { cursor } } })),
);

export const matchByHand = (key: string, body: Shape<"NewByHand">) =>
  answerOf(client.POST("/clearing/by_hand", { params: { header: { "Idempotency-Key": key } }, body }));

export const unmatchByHand = (by_hand_id: number) =>
  client.DELETE("/clearing/by_hand/{by_hand_id}", { params: { path: { by_hand_id } } });

export const startRun = (key: string, body: Shape<"NewReconciliation">) =>
  answerOf(client.POST("/reconciliations", { params: { header: { "Idempotency-Key": key } }, body }));

export const payoutQuery = (id: string) =>
  queryOptions({
    queryKey: ["payouts", id],
    queryFn: () => answerOf(client.GET("/payouts/{payout_id}", { params: { path: { payout_id: id } } })),
  });

export const reportAddress = (id: number, kind: "pdf" | "csv") => `/reconciliations/${id}/report.${kind}`;

/** Days by address: a month, or from and to (one of them: that day). `run` is one of the runs over them. */
export type ReconciliationSearch = {
  month?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  run?: number | undefined;
};

/** Some days in a row, the last one included; `month` where they are a month's (until today). */
export type Period = { from_day: string; to_day: string; month: string | undefined };

/** The days that an address names: from and to, or one of them for a single day, or a month; else this month. */
export function periodOf(search: ReconciliationSearch, today: string): Period {
  if (search.from || search.to) {
    const [from_day, to_day] = [search.from ?? search.to ?? "", search.to ?? search.from ?? ""];
    const month = daysOf(from_day.slice(0, 7), today);
    return { from_day, to_day, month: month.from_day === from_day && month.to_day === to_day ? month.month : undefined };
  }
  return daysOf(search.month ?? today.slice(0, 7), today);
}

/** `2026-11` in November 2026 ends today. */
function daysOf(month: string, today: string): Period {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  return { month, from_day: `${month}-01`, to_day: today < last && today.startsWith(month) ? today : last };
}
