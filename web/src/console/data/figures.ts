/** How selling goes, and one customer's whole history. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";

export type Figures = Shape<"Figures">;
export type CustomerHistory = Shape<"CustomerHistory">;

const REFRESH_MILLISECONDS = 30_000;

export const figuresQuery = (days: number) =>
  queryOptions({
    queryKey: ["figures", days],
    queryFn: () => answerOf(client.GET("/overview/figures", { params: { query: { days } } })),
    refetchInterval: REFRESH_MILLISECONDS,
    placeholderData: keepPreviousData,
  });

export const customerHistoryQuery = (id: number) =>
  queryOptions({
    queryKey: ["customers", id, "history"],
    queryFn: () => answerOf(client.GET("/overview/customers/{customer_id}", { params: { path: { customer_id: id } } })),
  });
