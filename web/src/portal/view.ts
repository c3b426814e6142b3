/** What the portal knows about its proposal, and what the page should ask the homeowner now. */

import type { components } from "../api/schema";

export type PortalView = components["schemas"]["PortalView"];
export type Line = components["schemas"]["LineOut"];
export type Option = components["schemas"]["OptionOut"];
export type Payment = components["schemas"]["PortalPayment"];
export type Message = components["schemas"]["MessageOut"];
export type ChangeOrder = components["schemas"]["ChangeOrderOut"];
export type Price = components["schemas"]["ChosenPrice"];

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
  | "cancelled"
  | "signed"
  | "closed";

/**
 * Returns what the page is about. The server's payment state wins over how the browser arrived.
 *
 * An earlier failure must not be taken for the answer to the payment just made, so coming back from the payment
 * page shows "confirming" first; when nothing newer came for a while (`late`), the failure is what is true.
 */
export function stageOf(view: PortalView, arrival: Arrival, confirming: boolean, late: boolean): Stage {
  const { state } = view.payment;
  if (view.status === "cancelled") return "cancelled";
  // Staff may take the deposit before the signature; what is missing then is the signature.
  if (view.can_approve) return "sign";
  if (state === "paid") return "paid";
  if (state === "processing") return "processing";
  if (view.status === "approved") {
    if ((confirming || arrival === "returned") && !(late && state === "failed")) return "confirming";
    if (arrival === "simulated" && view.dev_mode && view.can_pay) return "simulate";
    if (state === "failed") return "failed";
    return mayPay(view, view.payment) ? "pay" : "signed";
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

/** Returns whether a part of the price can be paid now. */
export function mayPay(view: PortalView, payment: Payment): boolean {
  return view.status === "approved" && (payment.state === "due" || payment.state === "failed") && payment.amount_minor > 0;
}

/** Returns the view with another part as the one it is about: the one just paid, or the one the reader picked. */
export function focusedOn(view: PortalView, paymentId: number | null): PortalView {
  const payment = view.payments.find((each) => each.id !== null && each.id === paymentId);
  return payment && payment.state !== "planned" ? { ...view, payment } : view;
}

/** Returns the price that is shown before anything was chosen; the schedule only where it is of this option. */
export function firstPrice(view: PortalView, optionId: number | null): Price {
  const schedule = optionId === firstOption(view) ? view.schedule : [];
  const option = view.options.find((each) => each.id === optionId);
  if (option) {
    const { subtotal_minor, tax_minor, total_minor, deposit_minor } = option;
    return { subtotal_minor, tax_minor, total_minor, deposit_minor, schedule };
  }
  const { subtotal_minor, tax_minor, total_minor } = view;
  return { subtotal_minor, tax_minor, total_minor, deposit_minor: view.deposit.amount_minor, schedule };
}

/** Returns the lines that somebody who takes this option can have: those of the option, then those of all. */
export function linesOf(view: PortalView, optionId: number | null): Line[] {
  return [...(view.options.find((each) => each.id === optionId)?.lines ?? []), ...view.lines];
}

/** Returns the extras that count for this option, in the order in which they are shown. */
export function extrasOf(view: PortalView, optionId: number | null, ticked: ReadonlySet<number>): number[] {
  return linesOf(view, optionId)
    .filter((line) => line.optional && ticked.has(line.id))
    .map((line) => line.id);
}

/** Returns the option shown first: the one chosen, else the one the proposal's own total is of. */
export function firstOption(view: PortalView): number | null {
  if (view.selected_option_id) return view.selected_option_id;
  const priced = view.options.find((option) => option.total_minor === view.total_minor);
  return (priced ?? view.options[0])?.id ?? null;
}
