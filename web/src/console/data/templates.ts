/** Templates of proposals: what is sold again and again, written once. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages } from "./pages";

export type TemplateRow = Shape<"ProposalTemplateSummary">;
export type Template = Shape<"ProposalTemplateOut">;
export type Content = Shape<"ProposalContent">;

export const templatesQuery = (q: string) =>
  pages(["templates", "list", q], (cursor) =>
    answerOf(client.GET("/proposal-templates", { params: { query: { q: q || undefined, cursor } } })),
  );

export const templateQuery = (id: number) =>
  queryOptions({
    queryKey: ["templates", id],
    queryFn: () => answerOf(client.GET("/proposal-templates/{id}", { params: { path: { id } } })),
  });

export type TemplateRevision = Shape<"TemplateRevisionOut">;

export const revisionsQuery = (id: number) =>
  pages(["templates", "revisions", id], (cursor) =>
    answerOf(client.GET("/proposal-templates/{id}/revisions", { params: { path: { id }, query: { cursor } } })),
  );

export const restoreTemplate = (id: number, revision: number) =>
  answerOf(
    client.POST("/proposal-templates/{id}/revisions/{revision}/restore", {
      params: { path: { id, revision } },
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );

export const createTemplate = (name: string, content: Content, key = idempotencyKey()) =>
  answerOf(client.POST("/proposal-templates", { body: { name, content }, headers: { "Idempotency-Key": key } }));

export const keepAsTemplate = (name: string, proposal_id: number, key: string) =>
  answerOf(
    client.POST("/proposal-templates/of-proposal", { body: { name, proposal_id }, headers: { "Idempotency-Key": key } }),
  );

export const changeTemplate = (id: number, body: Shape<"ProposalTemplateChange">) =>
  answerOf(client.PATCH("/proposal-templates/{id}", { params: { path: { id } }, body }));

export const deleteTemplate = (id: number) =>
  client.DELETE("/proposal-templates/{id}", { params: { path: { id } } });

export const draftFromTemplate = (id: number, body: Shape<"DraftFromTemplate">, key: string) =>
  answerOf(
    client.POST("/proposal-templates/{id}/proposals", {
      params: { path: { id } },
      body,
      headers: { "Idempotency-Key": key },
    }),
  );
