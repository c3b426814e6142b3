/** Proposals: the list with money and books, one with everything, and what can be done with it. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type Proposal = Shape<"ProposalOut">;
export type ProposalRow = Shape<"ProposalRow">;
export type ProposalSummary = Shape<"ProposalSummary">;
export type SentProposal = Shape<"SentProposal">;
export type NewProposal = Shape<"NewProposal">;

export const proposalRowsQuery = (filter: { status?: string | undefined; q?: string | undefined }) =>
  pages(["proposals", "rows", filter], (cursor) =>
    answerOf(client.GET("/overview/proposals", { params: { query: { ...filter, cursor } } })),
  );

export const proposalQuery = (id: number) =>
  queryOptions({
    queryKey: ["proposals", id],
    queryFn: () => answerOf(client.GET("/proposals/{id}", { params: { path: { id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const historyQuery = (id: number) =>
  queryOptions({
    queryKey: ["proposals", id, "history"],
    queryFn: () => answerOf(client.GET("/overview/proposals/{proposal_id}/history", { params: { path: { proposal_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const createProposal = (body: NewProposal, key: string) =>
  answerOf(client.POST("/proposals", { body, headers: { "Idempotency-Key": key } }));

/** Stores a draft upon the revision that was seen; somebody else's change meanwhile is a Problem of status 412. */
export const saveDraft = ({ id, revision, body }: { id: number; revision: number; body: Shape<"ProposalChange"> }) =>
  answerOf(
    client.PATCH("/proposals/{id}", {
      params: { path: { id }, query: { autosave: true }, header: { "if-match": `"${revision}"` } },
      body,
    }),
  );

/** The customer's page of a proposal, as the office sees it before it is sent. */
export const customersPageQuery = (id: number, revision: number) =>
  queryOptions({
    queryKey: ["proposals", id, "customers-page", revision],
    queryFn: () => answerOf(client.GET("/portal/{proposal_id}", { params: { path: { proposal_id: id } } })),
  });

/** Sends the revision that was seen; somebody else's change meanwhile is a Problem of status 412. */
export const sendProposal = ({ id, revision }: Pick<Proposal, "id" | "revision">, body: Shape<"SendIn">) =>
  answerOf(client.POST("/proposals/{id}/send", { params: { path: { id }, header: { "if-match": `"${revision}"` } }, body }));

/** Deletes a draft; the version before it, when there is one, holds again. */
export const discardProposal = (id: number) =>
  answerOf(client.DELETE("/proposals/{id}", { params: { path: { id } } }));

export const makePortalLink = (id: number) =>
  answerOf(
    client.POST("/proposals/{id}/portal-links", {
      params: { path: { id } },
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );

export const supersedeProposal = (id: number) =>
  answerOf(client.POST("/proposals/{id}/supersede", { params: { path: { id } } }));

/** One row of the overview: the proposal's payment and its place in the books. */
export const proposalRowQuery = (id: number) =>
  queryOptions({
    queryKey: ["proposals", id, "row"],
    queryFn: () => answerOf(client.GET("/overview/proposals/{proposal_id}", { params: { path: { proposal_id: id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const proposalsOfCustomerQuery = (customer_id: number) =>
  pages(["proposals", "of", customer_id], (cursor) =>
    answerOf(client.GET("/proposals", { params: { query: { customer_id, cursor } } })),
  );

/** The versions of one proposal, newest first. */
export const versionsQuery = (number: number) =>
  pages(["proposals", "versions", number], (cursor) =>
    answerOf(client.GET("/proposals", { params: { query: { number, cursor } } })),
  );
