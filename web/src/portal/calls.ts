/** The portal's calls to the API. The link's token is exchanged for a cookie once and leaves the address bar. */

import { networkAway, Problem, problemOf } from "../api/problem";
import type { Language } from "../words/money";
import type { Signed } from "./SignForm";
import type { ChangeOrder, PortalView, Price } from "./view";

const TIMEOUT_MILLISECONDS = 20_000;

/** Returns the proposal as its customer may see it; raises Problem. */
export function readProposal(id: number): Promise<PortalView> {
  return call<PortalView>("GET", `/portal/${id}`);
}

/** Exchanges the token in the link's fragment (`#t=...`), if there is one, for this browser's session. */
export async function openSession(id: number, location: Location, history: History): Promise<void> {
  const token = tokenOf(location);
  if (!token) return;
  await call<void>("POST", `/portal/${id}/session`, { token });
  history.replaceState(null, "", location.pathname + location.search);
}

/** Returns what a choice comes to, reckoned by the server as it would be signed. */
export function readPrice(id: number, optionId: number | null, lineIds: number[]): Promise<Price> {
  const query = new URLSearchParams(lineIds.map((line) => ["line_id", String(line)]));
  if (optionId !== null) query.set("option_id", String(optionId));
  return call<Price>("GET", `/portal/${id}/price?${query}`);
}

/** Returns where a file of the proposal is opened with the link that opens the proposal. */
export function fileAddress(proposalId: number, fileId: number): string {
  return `/portal/${proposalId}/files/${fileId}`;
}

export type Signature = Signed & { content_hash: string; option_id?: number; line_ids: number[]; language: Language };

export function approve(id: number, signature: Signature): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/approve`, signature);
}

export function decline(id: number, reason: string): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/decline`, { reason });
}

/** Returns the change orders that the customer was sent, the newest of a hundred at most. */
export async function readChanges(id: number): Promise<ChangeOrder[]> {
  return (await call<{ items: ChangeOrder[] }>("GET", `/portal/${id}/change-orders`)).items;
}

export type ChangeSignature = Signed & { content_hash: string; language: Language };

export function approveChange(id: number, orderId: number, signature: ChangeSignature): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/change-orders/${orderId}/approve`, signature);
}

export function declineChange(id: number, orderId: number, reason: string): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/change-orders/${orderId}/decline`, { reason });
}

/** Ends the contract within the days that the law gives; what was paid is given back. */
export function cancelContract(id: number, reason: string): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/cancel`, { reason, confirm: true });
}

export type Asking = "question" | "changes";

export function writeMessage(id: number, kind: Asking, text: string): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/messages`, { kind, text });
}

/** Tells the contractor that this link no longer works, by the secret in the address or the cookie of before. */
export function askNewLink(id: number, location: Location): Promise<void> {
  return call<void>("POST", `/portal/${id}/ask-new-link`, { token: tokenOf(location) });
}

export type Checkout = { checkout_url: string; session_id: string; deposit_cents: number; dev_mode?: boolean };

/** Returns the page to pay a part on; asking again gives the same open one. */
export function startCheckout(id: number, paymentId: number | null): Promise<Checkout> {
  const part = paymentId === null ? "" : `&payment_id=${paymentId}`;
  return call<Checkout>("POST", `/payments/checkout_session?proposal_id=${id}${part}`);
}

/** Asks the server to ask Stripe now: the customer is back from the payment page and no news came yet. */
export function confirmPayment(id: number, session_id: string): Promise<void> {
  return call<void>("POST", `/portal/${id}/confirm-payment`, { session_id });
}

export type Outcome = "paid" | "bank_clears" | "bank_fails" | "declined";

/** Sends the event that Stripe would send (dev mode only). */
export function simulatePayment(id: number, session_id: string, outcome: Outcome): Promise<void> {
  return call<void>("POST", `/portal/${id}/simulated-payment`, { session_id, outcome });
}

function tokenOf(location: Location): string | null {
  return new URLSearchParams(location.hash.slice(1)).get("t");
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    text = await response.text();
  } catch {
    throw networkAway();
  }
  const answer = parsed(text);
  if (!response.ok) throw problemOf(response, answer);
  if (answer === undefined && text) throw new Problem(response.status, "unreadable", "The answer cannot be read.");
  return answer as T;
}

function parsed(text: string): unknown {
  try {
    return text ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}
