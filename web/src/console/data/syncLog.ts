/** Every request to QuickBooks with its answer, as the sync log shows it. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type Call = Shape<"CallOut">;
export type CallDetail = Shape<"CallDetail">;
export type BatchItem = CallDetail["in_batch"][number];
export type Outcome = Call["outcome"];

export const OUTCOMES = ["ok", "refused", "unavailable", "disconnected", "renewed"] as const satisfies Outcome[];

/** What the log is narrowed to, as it stands in the address. */
export type LogFilter = {
  outcome?: Outcome | undefined;
  operation?: string | undefined;
  code?: string | undefined;
  subject?: string | undefined;
  metered?: "yes" | "no" | undefined;
  since?: string | undefined;
  until?: string | undefined;
  q?: string | undefined;
};

const asked = ({ outcome, metered, ...rest }: LogFilter) => ({
  ...rest,
  outcome: outcome && [outcome],
  metered: metered && metered === "yes",
});

export const callsQuery = (filter: LogFilter) =>
  pages(["sync-log", filter], (cursor) =>
    answerOf(client.GET("/qbo/log", { params: { query: { ...asked(filter), cursor } } })),
  );

export const callQuery = (id: number) =>
  queryOptions({
    queryKey: ["sync-log", id],
    queryFn: () => answerOf(client.GET("/qbo/log/{call_id}", { params: { path: { call_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const choicesQuery = queryOptions({
  queryKey: ["sync-log-choices"],
  queryFn: () => answerOf(client.GET("/qbo/log/choices")),
});

/** The address of the same list as CSV: a download, not a call. */
export function csvAddress(filter: LogFilter): string {
  const given = Object.entries(asked(filter)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return `/qbo/log.csv?${new URLSearchParams(given)}`;
}
