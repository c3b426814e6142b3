/** The portal's calls to the API. The link's token is exchanged for a cookie once and leaves the address bar. */

import { networkAway, Problem, problemOf } from "../api/problem";
import type { PortalView } from "./view";

const TIMEOUT_MILLISECONDS = 20_000;

/** Returns the proposal as its customer may see it; raises Problem. */
export function readProposal(id: number): Promise<PortalView> {
  return call<PortalView>("GET", `/portal/${id}`);
}

/** Exchanges the token in the link's fragment (`#t=...`), if there is one, for this browser's session. */
export async function openSession(id: number, location: Location, history: History): Promise<void> {
  const token = new URLSearchParams(location.hash.slice(1)).get("t");
  if (!token) return;
  await call<void>("POST", `/portal/${id}/session`, { token });
  history.replaceState(null, "", location.pathname + location.search);
}

export type Signature = { signer_name: string; content_hash: string; option_id?: number; agree: true };

export function approve(id: number, signature: Signature): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/approve`, signature);
}

export function decline(id: number, reason: string): Promise<PortalView> {
  return call<PortalView>("POST", `/portal/${id}/decline`, { reason });
}

export type Checkout = { checkout_url: string; session_id: string; deposit_cents: number; dev_mode?: boolean };

/** Returns the payment page to go to; asking again gives the same open one. */
export function startCheckout(id: number): Promise<Checkout> {
  return call<Checkout>("POST", `/payments/checkout_session?proposal_id=${id}`);
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
