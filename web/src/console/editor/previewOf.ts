/** The customer's page of a draft that is being written, to the cent as the API would show it. Pure. */

import type { Shape } from "../../api/client";
import { parseMoney } from "../../words/money";
import type { Org } from "../data/org";
import type { Draft, LineDraft } from "./draft";
import { discountOf, isQuantity, lineAmount, ruleOf, type Schedule, scheduleOf, thousandthsOf, totalsOf } from "./totals";

export type View = Shape<"PortalView">;
export type Price = Shape<"ChosenPrice">;

/** Everything that the page shows and the draft does not hold. */
export type Around = {
  currency: string;
  /** The company's deposit, in percent. */
  standard: number;
  org: Pick<Org, "name" | "phone" | "email" | "address" | "brand_color" | "logo_file_id" | "website" | "licence_number">;
  customer: string;
  /** The page of what was stored last: number, consent and the right to cancel come from it. */
  stored: View | null;
};

/** Returns the page as it would look once it is sent. Lines, options and files are numbered as they stand. */
export function previewOf(draft: Draft, around: Around): View {
  const { currency, stored, org } = around;
  const lines = draft.lines.map((line, i) => lineOf(line, i + 1, currency));
  let next = lines.length;
  const options = draft.options.map((option, i) => {
    const own = option.lines.map((line) => lineOf(line, (next += 1), currency));
    const { subtotal, tax, total } = totalsOf([...draft.lines, ...option.lines], currency);
    return {
      id: i + 1,
      position: i + 1,
      name: option.name || `Option ${i + 1}`,
      description: option.description,
      lines: own,
      subtotal_minor: subtotal,
      tax_minor: tax,
      total_minor: total,
      deposit_minor: scheduled(draft, total, around).parts[0]?.amount ?? 0,
    };
  });
  const first = [...draft.lines, ...(draft.options[0]?.lines ?? [])];
  const { subtotal, tax, total } = totalsOf(first, currency);
  const { parts } = scheduled(draft, total, around);
  const sameLanguage = stored?.language === draft.language;
  return {
    id: stored?.id ?? 0,
    number: stored?.number ?? 0,
    version: stored?.version ?? 1,
    language: draft.language,
    title: draft.title.trim(),
    introduction: draft.introduction.trim(),
    terms: draft.terms.trim(),
    status: "sent",
    currency,
    valid_until: draft.validUntil || null,
    deposit: { rule: draft.deposit.kind === "standard" ? "standard" : "own", percent: null, amount_minor: parts[0]?.amount ?? 0 },
    options,
    lines,
    milestones: [],
    files: draft.files.map((file) => ({ ...file, media_type: "", width: null, height: null, sha256: "" })),
    schedule: parts.map(({ key, name, amount }) => ({ key, name, amount_minor: amount })),
    selected_option_id: null,
    selected_line_ids: [...lines, ...options.flatMap((option) => option.lines)]
      .filter((line) => line.optional && line.preselected)
      .map(({ id }) => id),
    subtotal_minor: subtotal,
    tax_minor: tax,
    total_minor: total,
    changes_minor: 0,
    content_hash: null,
    right_to_cancel: stored?.right_to_cancel ?? false,
    cancellation: sameLanguage ? (stored?.cancellation ?? null) : null,
    cancel_until: null,
    sent_at: null,
    approved_at: null,
    contractor: org,
    customer: { name: around.customer },
    signer_name: null,
    signature_path: null,
    consent: sameLanguage ? (stored?.consent ?? "") : "",
    change_consent: "",
    decline_reason: null,
    payment: payment(parts[0]?.amount ?? 0, currency),
    payments: [],
    messages: [],
    can_pay: false,
    can_approve: true,
    dev_mode: false,
    demo: false,
  };
}

/** Returns what a choice of option and extras comes to, by the numbers that `previewOf` gave. */
export function pricePreview(draft: Draft, around: Around, optionId: number | null, lineIds: readonly number[]): Price {
  const wanted = new Set(lineIds);
  let next = 0;
  const ticked = (lines: LineDraft[]) =>
    lines.map((line) => {
      next += 1;
      return line.optional ? { ...line, preselected: wanted.has(next) } : line;
    });
  const common = ticked(draft.lines);
  const own = draft.options.map((option) => ticked(option.lines));
  const { subtotal, tax, total } = totalsOf([...common, ...(own[(optionId ?? 0) - 1] ?? [])], around.currency);
  const { parts } = scheduled(draft, total, around);
  return {
    subtotal_minor: subtotal,
    tax_minor: tax,
    total_minor: total,
    deposit_minor: parts[0]?.amount ?? 0,
    schedule: parts.map(({ key, name, amount }) => ({ key, name, amount_minor: amount })),
  };
}

function scheduled(draft: Draft, total: number, { currency, standard }: Around): Schedule {
  // Milestones that nobody has filled in yet are no payments.
  const milestones = draft.milestones.filter(({ value }) => ruleOf(value, currency) !== undefined);
  return scheduleOf(total, draft.deposit, milestones, currency, standard);
}

function lineOf(line: LineDraft, id: number, currency: string): View["lines"][number] {
  const discount = discountOf(line.discount, currency) ?? null;
  return {
    id,
    name: line.name.trim(),
    description: line.description.trim(),
    quantity: isQuantity(line.quantity) ? String(Number(line.quantity)) : "1",
    unit: line.unit.trim(),
    unit_price_minor: parseMoney(line.price, currency) ?? 0,
    tax_percent: thousandthsOf(line.tax) === null ? "0" : String(Number(line.tax)),
    amount_minor: lineAmount(line, currency) ?? 0,
    section: line.section.trim(),
    discount_percent: discount && "percent" in discount ? String(Number(discount.percent)) : "0",
    discount_minor: discount && "minor" in discount ? discount.minor : 0,
    optional: line.optional,
    preselected: line.optional && line.preselected,
  };
}

function payment(amount: number, currency: string): View["payment"] {
  return {
    id: null,
    key: "deposit",
    name: "Deposit",
    state: "due",
    amount_minor: amount,
    currency,
    paid_at: null,
    failure: null,
    remaining_minor: 0,
    refunded_minor: 0,
    disputed: false,
    simulated: false,
  };
}
