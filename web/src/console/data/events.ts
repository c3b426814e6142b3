/** The events of the activity log that people look for, by their words. */

import type { EventName } from "./books";

export const EVENTS: { value: EventName; label: string }[] = [
  { value: "proposal_sent", label: "Proposal sent" },
  { value: "viewed", label: "Proposal viewed" },
  { value: "approve", label: "Proposal approved" },
  { value: "decline", label: "Proposal declined" },
  { value: "checkout_created", label: "Payment started" },
  { value: "payment_processing", label: "Bank transfer under way" },
  { value: "payment_success", label: "Payment received" },
  { value: "payment_failed", label: "Payment failed" },
  { value: "payment_refunded", label: "Payment refunded" },
  { value: "dispute_opened", label: "Dispute opened" },
  { value: "payout_paid", label: "Payout arrived" },
  { value: "invoice_created", label: "Invoice created in QuickBooks" },
  { value: "invoice_paid", label: "Payment applied in QuickBooks" },
  { value: "posting_needs_you", label: "Posting needs you" },
  { value: "difference_found", label: "Difference found" },
  { value: "qbo_connected", label: "QuickBooks connected" },
  { value: "qbo_disconnected", label: "QuickBooks disconnected" },
  { value: "lead_created", label: "Lead created" },
  { value: "lead_converted", label: "Lead converted" },
  { value: "customer_created", label: "Customer created" },
  { value: "logged_in", label: "Signed in" },
];
