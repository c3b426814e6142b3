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

export const runsQuery = (month: string) =>
  pages(["reconciliations", month], (cursor) =>
    answerOf(client.GET("/reconciliations", { params: { query: { month, cursor, limit: 20 } } })),
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

export const startRun = (key: string, body: Shape<"NewReconciliation">) =>
  answerOf(client.POST("/reconciliations", { params: { header: { "Idempotency-Key": key } }, body }));

export const payoutQuery = (id: string) =>
  queryOptions({
    queryKey: ["payouts", id],
    queryFn: () => answerOf(client.GET("/payouts/{payout_id}", { params: { path: { payout_id: id } } })),
  });

export const reportAddress = (id: number, kind: "pdf" | "csv") => `/reconciliations/${id}/report.${kind}`;

/** The days of a month until today: `2026-11` in November 2026 ends today. */
export function periodOf(month: string, today: string): { from_day: string; to_day: string } {
  const [year = 0, number = 1] = month.split("-").map(Number);
  const last = new Date(Date.UTC(year, number, 0)).toISOString().slice(0, 10);
  return { from_day: `${month}-01`, to_day: today < last && today.startsWith(month) ? today : last };
}
