/** Customers of ours who wait for somebody to say who they are in QuickBooks. */

import { answerOf, client, type Shape } from "../../api/client";
import { queryOptions } from "@tanstack/react-query";
import { pages } from "./pages";

export type Review = Shape<"ReviewOut">;
export type Candidate = Review["candidates"][number];
export type Unsure = Shape<"Rule">["unsure"];

export const REVIEW_STATES = ["open", "decided"] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];

export const reviewQuery = (state: ReviewState) =>
  pages(["review", state], (cursor) => answerOf(client.GET("/books/review", { params: { query: { state, cursor } } })));

export const chooseMatch = (customer_id: number, qbo_id: string | null) =>
  answerOf(client.POST("/books/review/{customer_id}/choose", { params: { path: { customer_id } }, body: { qbo_id } }));

export const undoMatch = (customer_id: number) =>
  answerOf(client.POST("/books/review/{customer_id}/undo", { params: { path: { customer_id } } }));

export const chooseExact = () => answerOf(client.POST("/books/review/exact"));

export type FoundCustomers = Shape<"FoundCustomers">;
export type FoundCustomer = FoundCustomers["customers"][number];

/** Shorter words are not looked for. */
export const FIND_LENGTH_MIN = 2;

/** What is known here of the customers in QuickBooks; costs nothing. */
export const findQuery = (q: string) =>
  queryOptions({
    queryKey: ["review-find", q],
    queryFn: () => answerOf(client.GET("/books/review/customers", { params: { query: { q } } })),
    enabled: q.length >= FIND_LENGTH_MIN,
  });

/** Asks QuickBooks first; costs two metered reads. */
export const searchQuickBooks = (q: string) => answerOf(client.POST("/books/review/customers/search", { body: { q } }));

export const ruleQuery = queryOptions({
  queryKey: ["review-rule"],
  queryFn: () => answerOf(client.GET("/books/review/rule")),
});

export const setRule = (unsure: Unsure) => answerOf(client.PUT("/books/review/rule", { body: { unsure } }));
