/** Customers and leads. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages } from "./pages";

export type Customer = Shape<"CustomerOut">;
export type Lead = Shape<"LeadOut">;
export type LeadStatus = Lead["status"];

export const customersQuery = (q: string) =>
  pages(["customers", "list", q], (cursor) =>
    answerOf(client.GET("/customers", { params: { query: { cursor, q: q || undefined } } })),
  );

export const customerQuery = (id: number) =>
  queryOptions({
    queryKey: ["customers", id],
    queryFn: () => answerOf(client.GET("/customers/{id}", { params: { path: { id } } })),
  });

export const createCustomer = (body: Shape<"CustomerIn">, key = idempotencyKey()) =>
  answerOf(client.POST("/customers", { body, headers: { "Idempotency-Key": key } }));

export const changeCustomer = (id: number, body: Shape<"CustomerChange">) =>
  answerOf(client.PATCH("/customers/{id}", { params: { path: { id } }, body }));

export const leadsQuery = (status: LeadStatus | undefined, q: string) =>
  pages(["leads", "list", status, q], (cursor) =>
    answerOf(client.GET("/leads", { params: { query: { cursor, status, q: q || undefined } } })),
  );

export const leadQuery = (id: number) =>
  queryOptions({
    queryKey: ["leads", id],
    queryFn: () => answerOf(client.GET("/leads/{id}", { params: { path: { id } } })),
  });

export const createLead = (body: Shape<"LeadIn">, key = idempotencyKey()) =>
  answerOf(client.POST("/leads", { body, headers: { "Idempotency-Key": key } }));

export const changeLead = (id: number, body: Shape<"LeadChange">) =>
  answerOf(client.PATCH("/leads/{id}", { params: { path: { id } }, body }));

export const convertLead = (id: number) =>
  answerOf(client.POST("/leads/{id}/convert", { params: { path: { id } } }));

export type SamePerson = Shape<"SamePerson">;

export const stagesQuery = queryOptions({
  queryKey: ["leads", "stages"],
  queryFn: () => answerOf(client.GET("/leads/stages")),
});

export const samePersonQuery = (id: number) =>
  queryOptions({
    queryKey: ["leads", id, "same-person"],
    queryFn: () => answerOf(client.GET("/leads/{id}/same-person", { params: { path: { id } } })),
  });

export const decideSamePerson = (id: number, body: Shape<"SameDecision">) =>
  answerOf(client.POST("/leads/{id}/same-person", { params: { path: { id } }, body }));

export const leadFormQuery = queryOptions({
  queryKey: ["leads", "form"],
  queryFn: () => answerOf(client.GET("/leads/form")),
});

export const changeLeadForm = (body: Shape<"LeadFormChange">) => answerOf(client.PATCH("/leads/form", { body }));

export const renewLeadForm = () => answerOf(client.POST("/leads/form/new-key"));
