/** What came in, what stands in the books, what waits and what needs a person. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type Overview = Shape<"Overview">;
export type NeedsYou = Overview["needs_you"][number];
export type Posting = Shape<"PostingOut">;
export type PostingState = "waiting" | "needs_you" | "posted" | "skipped";
export type Payment = Shape<"PaymentOut">;
export type Refund = Shape<"RefundOut">;
export type Payout = Shape<"PayoutOut">;
export type FailedJob = Shape<"FailedJob">;
export type Activity = Shape<"ActivityOut">;
export type EventName = Shape<"Event">;

export const overviewQuery = queryOptions({
  queryKey: ["overview"],
  queryFn: () => answerOf(client.GET("/overview")),
  refetchInterval: REFRESH_MILLISECONDS,
});

export const paymentsQuery = pages(["payments"], (cursor) =>
  answerOf(client.GET("/payments", { params: { query: { cursor } } })),
);

export const paymentQuery = (id: number) =>
  queryOptions({
    queryKey: ["payments", id],
    queryFn: () => answerOf(client.GET("/payments/{payment_id}", { params: { path: { payment_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

/** All refunds, or those of one payment. */
export const refundsQuery = (payment_id?: number) =>
  pages(["refunds", payment_id], (cursor) =>
    answerOf(client.GET("/refunds", { params: { query: { payment_id, cursor } } })),
  );

export type RefundReason = NonNullable<Shape<"NewRefund">["reason"]>;

export const refundPayment = (id: number, key: string, body: Shape<"NewRefund">) =>
  answerOf(
    client.POST("/payments/{payment_id}/refunds", {
      params: { path: { payment_id: id }, header: { "Idempotency-Key": key } },
      body,
    }),
  );

export const payoutsQuery = pages(["payouts"], (cursor) =>
  answerOf(client.GET("/payouts", { params: { query: { cursor } } })),
);

export const postingsQuery = (state: PostingState) =>
  pages(["postings", state], (cursor) =>
    answerOf(client.GET("/postings", { params: { query: { state, cursor } } })),
  );

/** What belongs to one payment: itself, its refunds, its fees, its disputes. */
export const postingsOfQuery = (payment_id: number) =>
  pages(["postings", "of", payment_id], (cursor) =>
    answerOf(client.GET("/postings", { params: { query: { payment_id, cursor } } })),
  );

export const retryPosting = (id: number) =>
  answerOf(client.POST("/postings/{posting_id}/retry", { params: { path: { posting_id: id } } }));

export const retryAllPostings = () => client.POST("/postings/retry");

export const createInvoiceNow = (proposal_id: number) =>
  answerOf(client.POST("/qbo/invoice/{proposal_id}", { params: { path: { proposal_id } } }));

export const failedJobsQuery = queryOptions({
  queryKey: ["failed-jobs"],
  queryFn: () => answerOf(client.GET("/jobs/failed")),
  refetchInterval: REFRESH_MILLISECONDS,
});

export const retryJob = (job_id: number) =>
  answerOf(client.POST("/jobs/{job_id}/retry", { params: { path: { job_id } } }));

export const resolveDifference = (id: number, note: string) =>
  answerOf(client.POST("/differences/{difference_id}/resolve", { params: { path: { difference_id: id } }, body: { note } }));

export const disconnectQuickBooks = () => client.POST("/qbo/disconnect");

/** A navigation, not a call: Intuit's consent page follows. */
export const CONNECT_QUICKBOOKS = "/qbo/oauth/start";

export const activityQuery = (filter: { proposal_id?: number | undefined; customer_id?: number | undefined; event?: EventName | undefined; q?: string | undefined; brief?: boolean }) =>
  pages(["activity", filter], (cursor) =>
    answerOf(client.GET("/activity", { params: { query: { ...filter, cursor } } })),
  );
