/** The outbox, the texts of mails, and whom they come from and go to. */

import { queryOptions } from "@tanstack/react-query";
import { answerOf, client, idempotencyKey, type Shape } from "../../api/client";
import { pages, REFRESH_MILLISECONDS } from "./pages";

export type Mail = Shape<"MailSummary">;
export type MailWithContent = Shape<"MailOut">;
export type MailState = Mail["state"];
export type MailTemplate = Shape<"TemplateOut">;
export type MailKind = MailTemplate["kind"];
export type Wording = Shape<"WordingOut">;
export type Suppression = Shape<"SuppressionOut">;
export type MailSettings = Shape<"MailSettingsOut">;

export const MAIL_STATES = ["kept", "queued", "sending", "sent", "failed", "bounced", "suppressed"] as const satisfies MailState[];

export const mailsQuery = (filter: { state?: MailState | undefined; proposal_id?: number | undefined; q?: string | undefined }) =>
  pages(["mails", filter], (cursor) =>
    answerOf(client.GET("/mail/messages", { params: { query: { ...filter, cursor } } })),
  );

export const mailQuery = (id: number) =>
  queryOptions({
    queryKey: ["mails", id],
    queryFn: () => answerOf(client.GET("/mail/messages/{id}", { params: { path: { id } } })),
    refetchInterval: REFRESH_MILLISECONDS,
  });

export const sendMailAgain = (id: number, to: string) =>
  answerOf(
    client.POST("/mail/messages/{id}/send", {
      params: { path: { id } },
      body: { to: to || null },
      headers: { "Idempotency-Key": idempotencyKey() },
    }),
  );

export const dismissMail = (id: number) =>
  answerOf(client.POST("/mail/messages/{id}/dismiss", { params: { path: { id } } }));

export const templatesQuery = queryOptions({
  queryKey: ["mail-templates"],
  queryFn: () => answerOf(client.GET("/mail/templates")),
});

type Which = { kind: MailKind; language: "en" | "es" };

export const writeTemplate = (path: Which, body: Wording) =>
  answerOf(client.PUT("/mail/templates/{kind}/{language}", { params: { path }, body }));

export const resetTemplate = (path: Which) =>
  answerOf(client.DELETE("/mail/templates/{kind}/{language}", { params: { path } }));

export const previewQuery = (path: Which, body: Wording) =>
  queryOptions({
    queryKey: ["mail-preview", path, body],
    queryFn: () => answerOf(client.POST("/mail/templates/{kind}/{language}/preview", { params: { path }, body })),
    placeholderData: (before) => before,
    retry: false,
  });

export const mailSettingsQuery = queryOptions({
  queryKey: ["mail-settings"],
  queryFn: () => answerOf(client.GET("/mail/settings")),
});

export const writeMailSettings = (body: Shape<"MailSettingsIn">) => answerOf(client.PUT("/mail/settings", { body }));

export const suppressionsQuery = pages(["mail-suppressions"], (cursor) =>
  answerOf(client.GET("/mail/suppressions", { params: { query: { cursor } } })),
);

export const deleteSuppression = (id: number) =>
  client.DELETE("/mail/suppressions/{id}", { params: { path: { id } } });

const KINDS: Record<MailKind, string> = {
  proposal_sent: "Proposal sent",
  reminder: "Reminder before it expires",
  thank_you: "Thank you, with next steps",
  receipt: "Receipt",
  payment_asked: "Payment asked for",
  payment_failed: "Bank transfer failed",
  refund_made: "Refund made",
  change_order_sent: "Change order sent",
  change_order_signed: "Change order signed",
  cancelled: "Contract cancelled",
  answered: "Question answered",
  staff_lead: "Notice: new lead",
  staff_viewed: "Notice: proposal viewed",
  staff_approved: "Notice: proposal approved",
  staff_declined: "Notice: proposal declined",
  staff_paid: "Notice: payment received",
  staff_payment_failed: "Notice: payment failed",
  staff_asked: "Notice: the customer wrote",
  staff_link_asked: "Notice: a new link is needed",
  staff_change_order: "Notice: change order answered",
  staff_dispute: "Notice: dispute opened",
  staff_reconnect: "Notice: reconnect QuickBooks",
  staff_reads: "Notice: reads from QuickBooks",
};

export function kindWord(kind: MailKind): string {
  return KINDS[kind];
}

const PAPERS: Record<string, string> = {
  receipt: "Receipt (PDF)",
  signed_proposal: "Signed proposal (PDF)",
  signed_change_order: "Signed change order (PDF)",
};

/** Returns what travels with a mail, in words. */
export function attachedWord(paper: string | null): string {
  return paper === null ? "Nothing" : (PAPERS[paper] ?? paper);
}
