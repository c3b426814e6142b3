/** The price book: lines with their usual prices, copied into proposals. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { pages } from "./pages";

export type PriceItem = Shape<"PriceItemOut">;
export type PriceItemBody = Shape<"PriceItemIn">;

export const priceItemsQuery = (filter: { q?: string | undefined; active?: boolean | undefined }) =>
  pages(["price-items", "list", filter], (cursor) =>
    answerOf(client.GET("/price-items", { params: { query: { ...filter, cursor } } })),
  );

export const priceItemQuery = (id: number) =>
  queryOptions({
    queryKey: ["price-items", id],
    queryFn: () => answerOf(client.GET("/price-items/{id}", { params: { path: { id } } })),
  });

export const addPriceItem = (body: PriceItemBody, key: string) =>
  answerOf(client.POST("/price-items", { body, headers: { "Idempotency-Key": key } }));

export const changePriceItem = (id: number, body: Shape<"PriceItemChange">) =>
  answerOf(client.PATCH("/price-items/{id}", { params: { path: { id } }, body }));

export const deletePriceItem = (id: number) => client.DELETE("/price-items/{id}", { params: { path: { id } } });
