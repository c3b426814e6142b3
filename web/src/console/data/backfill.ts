/** Which of the payments that waited are taken into the books: by day, with how far it is. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { REFRESH_MILLISECONDS } from "./pages";

export type Backfill = Shape<"BackfillOut">;
export type BackfillRun = Shape<"BackfillRun">;
export type BackfillPlan = Shape<"BackfillPlan">;
export type BackfillPart = Shape<"BackfillPart">;
/** ISO days; null: no end. */
export type Days = { from_day: string | null; to_day: string | null };

const RUNNING_REFRESH_MILLISECONDS = 2_000;

export const backfillQuery = queryOptions({
  queryKey: ["backfill"],
  queryFn: () => answerOf(client.GET("/books/backfill")),
  refetchInterval: ({ state }) => (state.data?.run?.running ? RUNNING_REFRESH_MILLISECONDS : REFRESH_MILLISECONDS),
});

export const backfillPlanQuery = (days: Days) =>
  queryOptions({
    queryKey: ["backfill-plan", days],
    queryFn: () =>
      answerOf(
        client.GET("/books/backfill/plan", {
          params: { query: { from_day: days.from_day ?? undefined, to_day: days.to_day ?? undefined } },
        }),
      ),
    retry: false,
  });

export const startBackfill = (days: Days) => answerOf(client.POST("/books/backfill", { body: days }));

export const cancelBackfill = () => answerOf(client.POST("/books/backfill/cancel"));
