/** What the portal knows about its proposal, and what the page should ask the homeowner now. */

import type { components } from "../api/schema";

export type PortalView = components["schemas"]["PortalView"];
export type Line = components["schemas"]["LineOut"];
export type Option = components["schemas"]["OptionOut"];

/** How the browser came here: from the mail, or back from the payment page. */
export type Arrival = "link" | "returned" | "cancelled" | "simulated";

export type Stage =
  | "sign"
  | "pay"
  | "simulate"
  | "confirming"
  | "processing"
  | "paid"
  | "failed"
  | "declined"
  | "expired"
  | "superseded"
  | "closed";

/**
 * Returns what the page is about. The server's payment state wins over how the browser arrived.
 *
 * An earlier failure must not be taken for the answer to the payment just made, so coming back from the payment
 * page shows "confirming" first; when nothing newer came for a while (`late`), the failure is what is true.
 */
export function stageOf(view: PortalView, arrival: Arrival, confirming: boolean, late: boolean): Stage {
  const { state } = view.payment;
  if (state === "paid") return "paid";
  if (state === "processing") return "processing";
  if (view.status === "approved") {
    if ((confirming || arrival === "returned") && !(late && state === "failed")) return "confirming";
    if (arrival === "simulated" && view.dev_mode && view.can_pay) return "simulate";
    if (state === "failed") return "failed";
    return "pay";
  }
  if (view.status === "declined" || view.status === "expired" || view.status === "superseded") return view.status;
  return view.can_approve ? "sign" : "closed";
}

/** Returns how the browser arrived, from the address. */
export function arrivalOf(search: string): Arrival {
  const query = new URLSearchParams(search);
  if (query.get("checkout") === "success") return "returned";
  if (query.get("checkout") === "cancelled") return "cancelled";
  return query.get("mock_payment") === "true" ? "simulated" : "link";
}

/** Returns the payment page's session that the browser comes back from, or null. */
export function sessionOf(search: string): string | null {
  return new URLSearchParams(search).get("session_id");
}

export type Price = { subtotal_minor: number; tax_minor: number; total_minor: number; deposit_minor: number };

/** Returns the price of the option that is chosen, or of the proposal when it has none. */
export function priceOf(view: PortalView, optionId: number | null): Price {
  const option = view.options.find((each) => each.id === optionId);
  if (option) return option;
  const { subtotal_minor, tax_minor, total_minor } = view;
  return { subtotal_minor, tax_minor, total_minor, deposit_minor: view.deposit.amount_minor };
}

/** Returns the option shown first: the one chosen, else the one the proposal's own total is of. */
export function firstOption(view: PortalView): number | null {
  if (view.selected_option_id) return view.selected_option_id;
  const priced = view.options.find((option) => option.total_minor === view.total_minor);
  return (priced ?? view.options[0])?.id ?? null;
}
