/** How deposits are booked, and what in QuickBooks stands for what. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";

export type BooksPolicy = Shape<"PolicyOut">;
export type PolicyChoice = Shape<"PolicyChoice">;
export type PolicyName = BooksPolicy["policy"];
export type JournalDocument = Shape<"JournalDocument">;
export type BooksMapping = Shape<"BooksMappingOut">;
export type MappingSlot = Shape<"SlotOut">;

export const policyQuery = queryOptions({
  queryKey: ["books-policy"],
  queryFn: () => answerOf(client.GET("/books/policy")),
});

export const changePolicy = (body: Shape<"PolicyIn">) => answerOf(client.PATCH("/books/policy", { body }));

export const mappingQuery = queryOptions({
  queryKey: ["books-mapping"],
  queryFn: () => answerOf(client.GET("/books/mapping")),
});

export const refreshLists = () => answerOf(client.POST("/books/mapping/refresh"));

export const makeMissing = () => answerOf(client.POST("/books/mapping/make"));

export const setMapping = (body: Shape<"SlotIn">) => answerOf(client.PUT("/books/mapping", { body }));

export const previewQuery = (payment_id: number) =>
  queryOptions({
    queryKey: ["books-preview", payment_id],
    queryFn: () => answerOf(client.GET("/books/preview/{payment_id}", { params: { path: { payment_id } } })),
  });
