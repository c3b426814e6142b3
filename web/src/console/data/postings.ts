/** What a person does about postings that QuickBooks refused. */

import { answerOf, client, type Shape } from "../../api/client";

export type Edit = Shape<"PostingEdit">;
export type LinkTry = Shape<"LinkTryOut">;
export type Bulk = Shape<"BulkPostings">;

const of = (posting_id: number) => ({ params: { path: { posting_id } } });

export const skipPosting = (id: number, reason: string) =>
  answerOf(client.POST("/postings/{posting_id}/skip", { ...of(id), body: { reason } }));

export const restorePosting = (id: number) => answerOf(client.POST("/postings/{posting_id}/restore", of(id)));

export const editPosting = (id: number, body: Edit) =>
  answerOf(client.POST("/postings/{posting_id}/edit", { ...of(id), body }));

/** Only compares until it is confirmed. */
export const linkPosting = (id: number, entity: string, qbo_id: string, confirmed: boolean) =>
  answerOf(client.POST("/postings/{posting_id}/link", { ...of(id), body: { entity, qbo_id, confirmed } }));

export const actOnPostings = (body: Bulk) => answerOf(client.POST("/postings/bulk", { body }));
