/** A signed contract: its payments, its change orders, cancelling it, and what went back. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type ChangeOrder = Shape<"ChangeOrderOut">;
export type ChangeBody = Shape<"ChangeOrderIn">;
export type ForeseenChange = Shape<"ForeseenChange">;
export type ForeseenCancellation = Shape<"ForeseenCancellation">;
export type BooksContract = Shape<"ContractOut">;
export type RefundOrder = Shape<"RefundOrderOut">;

export const changeOrdersQuery = (id: number) =>
  queryOptions({
    queryKey: ["proposals", id, "change-orders"],
    queryFn: () => answerOf(client.GET("/proposals/{id}/change-orders", { params: { path: { id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

/** What these lines would do to price and payments if the customer signed them now. */
export const foreseenQuery = (id: number, body: ChangeBody) =>
  queryOptions({
    queryKey: ["proposals", id, "foreseen", body],
    queryFn: () => answerOf(client.POST("/proposals/{id}/change-orders/preview", { params: { path: { id } }, body })),
    placeholderData: (before) => before,
    retry: false,
  });

export const createChangeOrder = (id: number, body: ChangeBody, key: string) =>
  answerOf(
    client.POST("/proposals/{id}/change-orders", { params: { path: { id } }, body, headers: { "Idempotency-Key": key } }),
  );

export const saveChangeOrder = (id: number, order_id: number, body: Shape<"ChangeOrderPatch">) =>
  answerOf(client.PATCH("/proposals/{id}/change-orders/{order_id}", { params: { path: { id, order_id } }, body }));

export const sendChangeOrder = (id: number, order_id: number) =>
  answerOf(client.POST("/proposals/{id}/change-orders/{order_id}/send", { params: { path: { id, order_id } } }));

export const withdrawChangeOrder = (id: number, order_id: number) =>
  answerOf(client.POST("/proposals/{id}/change-orders/{order_id}/withdraw", { params: { path: { id, order_id } } }));

/** The parts in which a contract is paid; they all fit one page. */
export const partsQuery = (proposal_id: number) =>
  queryOptions({
    queryKey: ["payments", "of", proposal_id],
    queryFn: () => answerOf(client.GET("/payments", { params: { query: { proposal_id, limit: 200 } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const askForPayment = (payment_id: number) =>
  answerOf(client.POST("/payments/{payment_id}/request", { params: { path: { payment_id } } }));

export const cancellationQuery = (id: number) =>
  queryOptions({
    queryKey: ["proposals", id, "cancellation"],
    queryFn: () => answerOf(client.GET("/proposals/{id}/cancellation", { params: { path: { id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const cancelContract = (id: number, body: Shape<"CancelIn">) =>
  answerOf(
    client.POST("/proposals/{id}/cancel", {
      params: { path: { id } },
      body,
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );

/** How the contract stands in the books: its deposits, and the invoice of the whole. */
export const booksContractQuery = (id: number) =>
  queryOptions({
    queryKey: ["books-contract", id],
    queryFn: () => answerOf(client.GET("/books/contracts/{proposal_id}", { params: { path: { proposal_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const sayJobDone = (id: number) =>
  answerOf(client.POST("/books/contracts/{proposal_id}/done", { params: { path: { proposal_id: id } } }));

export const moneyBackQuery = (proposal_id: number) =>
  pages(["refunds", "orders", proposal_id], (cursor) =>
    answerOf(client.GET("/refund-orders", { params: { query: { proposal_id, cursor } } })),
  );
