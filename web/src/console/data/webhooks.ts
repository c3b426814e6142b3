/** Webhooks to the company's own software: addresses, their secrets, and the log of what was sent. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type Endpoint = Shape<"EndpointOut">;
export type EndpointWithSecret = Shape<"EndpointWithSecret">;
export type Delivery = Shape<"DeliveryOut">;
export type DeliveryInFull = Shape<"DeliveryInFull">;
export type Attempt = Shape<"AttemptOut">;
export type DeliveryState = Delivery["state"];
export type EventName = Shape<"NewEndpoint">["events"][number];

export const DELIVERY_STATES = ["waiting", "delivered", "failed", "dropped"] as const satisfies DeliveryState[];

const EVENT_WORDS: Record<EventName, string> = {
  "proposal.sent": "Proposal sent",
  "proposal.viewed": "Proposal viewed",
  "proposal.approved": "Proposal approved",
  "proposal.declined": "Proposal declined",
  "proposal.cancelled": "Contract cancelled",
  "payment.paid": "Payment received",
  "payment.failed": "Bank transfer failed",
  "payment.refunded": "Payment refunded",
  "invoice.created": "Invoice in QuickBooks",
};

/** In the order in which they happen. */
export const EVENTS = Object.entries(EVENT_WORDS).map(([value, label]) => ({ value: value as EventName, label }));

export function eventWord(type: string): string {
  return type === "test" ? "Test" : (EVENT_WORDS[type as EventName] ?? type);
}

export const endpointsQuery = pages(["webhooks", "endpoints"], (cursor) =>
  answerOf(client.GET("/webhooks/endpoints", { params: { query: { cursor } } })),
);

export const endpointQuery = (id: number) =>
  queryOptions({
    queryKey: ["webhooks", "endpoint", id],
    queryFn: () => answerOf(client.GET("/webhooks/endpoints/{id}", { params: { path: { id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const deliveriesQuery = (filter: { endpoint_id?: number | undefined; state?: DeliveryState | undefined }) =>
  pages(["webhooks", "deliveries", filter], (cursor) =>
    answerOf(client.GET("/webhooks/deliveries", { params: { query: { ...filter, cursor } } })),
  );

const SOON_MILLISECONDS = 1_000;

/** Looked at more often while it is on its way. */
export const deliveryQuery = (id: number) =>
  queryOptions({
    queryKey: ["webhooks", "delivery", id],
    queryFn: () => answerOf(client.GET("/webhooks/deliveries/{id}", { params: { path: { id } } })),
    refetchInterval: ({ state }) =>
      state.data?.state === "waiting" && state.data.tries === 0 ? SOON_MILLISECONDS : REFRESH_MILLISECONDS,
  });

export const addEndpoint = (body: Shape<"NewEndpoint">, key: string) =>
  answerOf(client.POST("/webhooks/endpoints", { body, headers: { "Idempotency-Key": key } }));

export const changeEndpoint = (id: number, body: Shape<"EndpointChanges">) =>
  answerOf(client.PATCH("/webhooks/endpoints/{id}", { params: { path: { id } }, body }));

export const removeEndpoint = (id: number) =>
  client.DELETE("/webhooks/endpoints/{id}", { params: { path: { id } } });

export const rollSecret = (id: number, key: string) =>
  answerOf(
    client.POST("/webhooks/endpoints/{id}/secret", { params: { path: { id } }, headers: { "Idempotency-Key": key } }),
  );

export const sendTest = (id: number) =>
  answerOf(
    client.POST("/webhooks/endpoints/{id}/test", {
      params: { path: { id } },
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );

export const resendDelivery = (id: number) =>
  answerOf(
    client.POST("/webhooks/deliveries/{id}/resend", {
      params: { path: { id } },
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );
