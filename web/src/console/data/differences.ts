/** What does not fit between Stripe, QuickBooks and here, and what one press does about it. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type BooksDifference = Shape<"BooksDifference">;
export type Way = BooksDifference["ways_out"][number];

export const DIFFERENCE_STATES = ["open", "settled"] as const;
export const DIFFERENCE_SOURCES = ["quickbooks", "stripe"] as const;
export type DifferenceFilter = {
  state?: (typeof DIFFERENCE_STATES)[number] | undefined;
  source?: (typeof DIFFERENCE_SOURCES)[number] | undefined;
};

export const booksDifferencesQuery = (filter: DifferenceFilter) =>
  pages(["differences", filter], (cursor) =>
    answerOf(client.GET("/books/differences", { params: { query: { ...filter, cursor } } })),
  );

export const booksDifferenceQuery = (id: number) =>
  queryOptions({
    queryKey: ["differences", id],
    queryFn: () => answerOf(client.GET("/books/differences/{difference_id}", { params: { path: { difference_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const settleDifference = (id: number, way: Way) =>
  answerOf(client.POST("/books/differences/{difference_id}/{way}", { params: { path: { difference_id: id, way } } }));

export const undoDifference = (id: number) =>
  answerOf(client.POST("/books/differences/{difference_id}/undo", { params: { path: { difference_id: id } } }));

export const settleDifferences = (ids: number[], way: "accept" | "unlink") =>
  answerOf(client.POST("/books/differences/bulk", { body: { ids, way } }));

export const changesQuery = queryOptions({
  queryKey: ["books-changes"],
  queryFn: () => answerOf(client.GET("/books/changes")),
  refetchInterval: REFRESH_MILLISECONDS,
});

export const lookForChanges = () => client.POST("/books/changes/look");
