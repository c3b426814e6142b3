/** Reads from QuickBooks that Intuit counts, and the company's budget of them. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { REFRESH_MILLISECONDS } from "./pages";

export type Quota = Shape<"QuotaOut">;

export const quotaQuery = queryOptions({
  queryKey: ["qbo-quota"],
  queryFn: () => answerOf(client.GET("/qbo/quota")),
  refetchInterval: REFRESH_MILLISECONDS,
});

export const setBudget = (reads: number) => answerOf(client.PUT("/qbo/quota/budget", { body: { reads } }));
