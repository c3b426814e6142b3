/** What a reconciliation speaks of, as a bookkeeper calls it. */

const KINDS: Record<string, string> = {
  payments: "Payments",
  fees: "Fees",
  refunds: "Refunds",
  disputes: "Disputes",
  payouts: "Payouts",
  other: "Other movements",
  payment: "Payment",
  simulated: "Simulated payment",
  fee: "Stripe fee",
  account_fee: "Stripe account fee",
  refund: "Refund",
  refund_return: "Refund that came back",
  dispute: "Disputed payment",
  dispute_return: "Dispute won",
  payout: "Payout",
  payout_return: "Payout that came back",
  by_hand: "Entered in QuickBooks",
  foreign_payment: "Payment not made here",
  foreign_fee: "Fee of a payment not made here",
};

/** The order in which money moves through Stripe. */
export const KIND_ORDER = ["payments", "fees", "refunds", "disputes", "payouts", "other"];

const STEPS: Record<string, string> = {
  waiting: "Starting…",
  fetching: "Fetching Stripe's newest movements…",
  asking: "Asking both for their balances…",
  comparing: "Comparing every movement…",
};

export function movementWord(kind: string): string {
  const plain = kind.replaceAll("_", " ");
  return KINDS[kind] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

export function stepWord(step: string): string {
  return STEPS[step] ?? "Working…";
}
