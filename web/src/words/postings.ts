/** What each kind of posting is, as a bookkeeper calls it. */

const KINDS: Record<string, string> = {
  payment: "Payment",
  refund: "Refund",
  refund_return: "Refund that came back",
  stripe_fee: "Stripe fee",
  account_fee: "Stripe account fee",
  payout: "Payout",
  payout_return: "Payout that came back",
  dispute: "Disputed payment",
  dispute_return: "Dispute won",
  dispute_lost: "Dispute lost",
  contract_invoice: "Invoice of the contract",
  change_invoice: "Invoice of a change order",
  credit_memo: "Credit memo",
  estimate: "Estimate",
  attachment: "Signed paper on the invoice",
};

/** Returns the word for a kind of posting; one that this build does not know yet is shown as it is. */
export function postingKindWord(kind: string): string {
  const plain = kind.replaceAll("_", " ");
  return KINDS[kind] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}
