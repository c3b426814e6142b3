/** A proposal while it is being written: what was typed, what it comes to, and what the API is given. Pure. */

import { decimalText, exponent, parseMoney } from "../../words/money";
import type { NewProposal, Proposal } from "../data/proposals";

export type LineDraft = {
  key: string;
  name: string;
  description: string;
  quantity: string;
  unit: string;
  price: string;
  tax: string;
  more: More;
};
/** What a line has besides; kept as it was stored. */
type More = Pick<
  Proposal["lines"][number],
  "section" | "discount_percent" | "discount_minor" | "optional" | "preselected"
>;
export type OptionDraft = { key: string; name: string; description: string; lines: LineDraft[] };
export type Draft = {
  customerId: number | null;
  title: string;
  introduction: string;
  terms: string;
  validUntil: string;
  deposit: { kind: "standard" | "percent" | "amount"; value: string };
  language: Proposal["language"];
  milestones: Proposal["milestones"];
  lines: LineDraft[];
  options: OptionDraft[];
};

/** By the API's field names (`lines.0.quantity`), so that its errors and ours land in the same place. */
export type FieldErrors = Record<string, string>;

const QUANTITY = /^\d{1,7}(\.\d{1,3})?$/;
const PERCENT = /^\d{1,3}(\.\d{1,3})?$/;

let keys = 0;
const newKey = () => `k${(keys += 1)}`;

const NOTHING_MORE: More = {
  section: "",
  discount_percent: "0",
  discount_minor: 0,
  optional: false,
  preselected: false,
};

export function emptyLine(tax = "0"): LineDraft {
  return { key: newKey(), name: "", description: "", quantity: "1", unit: "", price: "", tax, more: NOTHING_MORE };
}

export function emptyOption(name: string, tax = "0"): OptionDraft {
  return { key: newKey(), name, description: "", lines: [emptyLine(tax)] };
}

export function emptyDraft(customerId: number | null): Draft {
  return {
    customerId,
    title: "",
    introduction: "",
    terms: "",
    validUntil: "",
    deposit: { kind: "standard", value: "" },
    language: "en",
    milestones: [],
    lines: [emptyLine()],
    options: [],
  };
}

/** Returns a stored proposal as it can be edited. */
export function draftOf(proposal: Proposal): Draft {
  const lineOf = (line: Proposal["lines"][number]): LineDraft => ({
    key: newKey(),
    name: line.name,
    description: line.description,
    quantity: line.quantity,
    unit: line.unit,
    price: decimalText(line.unit_price_minor, proposal.currency),
    tax: line.tax_percent,
    more: {
      section: line.section,
      discount_percent: line.discount_percent,
      discount_minor: line.discount_minor,
      optional: line.optional,
      preselected: line.preselected,
    },
  });
  const { rule, percent, amount_minor } = proposal.deposit;
  return {
    customerId: proposal.customer.id,
    title: proposal.title,
    introduction: proposal.introduction,
    terms: proposal.terms,
    validUntil: proposal.valid_until ?? "",
    deposit:
      rule === "standard"
        ? { kind: "standard", value: "" }
        : percent === null
          ? { kind: "amount", value: decimalText(amount_minor, proposal.currency) }
          : { kind: "percent", value: String(percent) },
    language: proposal.language,
    milestones: proposal.milestones,
    lines: proposal.lines.map(lineOf),
    options: proposal.options.map((option) => ({
      key: newKey(),
      name: option.name,
      description: option.description,
      lines: option.lines.map(lineOf),
    })),
  };
}

/** Returns what the API takes, or which fields cannot be understood. */
export function bodyOf(draft: Draft, currency: string): { body?: NewProposal; errors: FieldErrors } {
  const errors: FieldErrors = {};
  const lines = (drafts: LineDraft[], path: string) =>
    drafts.map((line, i) => {
      const at = `${path}.${i}`;
      const price = parseMoney(line.price, currency);
      if (!line.name.trim()) errors[`${at}.name`] = "What is it?";
      if (!isQuantity(line.quantity)) errors[`${at}.quantity`] = "A number above 0";
      if (price === null) errors[`${at}.unit_price_minor`] = "An amount like 125.00";
      if (!PERCENT.test(line.tax.trim())) errors[`${at}.tax_percent`] = "A percentage like 8.31";
      return {
        name: line.name.trim(),
        description: line.description.trim(),
        quantity: line.quantity.trim(),
        unit: line.unit.trim(),
        unit_price_minor: price ?? 0,
        tax_percent: line.tax.trim(),
        ...line.more,
      };
    });

  if (draft.customerId === null) errors["customer_id"] = "Choose a customer.";
  if (!draft.title.trim()) errors["title"] = "Give the job a name the customer will recognise.";
  const body: NewProposal = {
    customer_id: draft.customerId ?? 0,
    title: draft.title.trim(),
    introduction: draft.introduction.trim(),
    terms: draft.terms.trim(),
    currency,
    valid_until: draft.validUntil || null,
    deposit: depositOf(draft.deposit, currency, errors),
    language: draft.language,
    milestones: draft.milestones,
    lines: lines(draft.lines, "lines"),
    options: draft.options.map((option, i) => {
      if (!option.name.trim()) errors[`options.${i}.name`] = "Name the option.";
      return {
        name: option.name.trim(),
        description: option.description.trim(),
        lines: lines(option.lines, `options.${i}.lines`),
      };
    }),
  };
  return Object.keys(errors).length > 0 ? { errors } : { body, errors };
}

function depositOf(deposit: Draft["deposit"], currency: string, errors: FieldErrors): NewProposal["deposit"] {
  if (deposit.kind === "standard") return {};
  if (deposit.kind === "percent") {
    const percent = Number(deposit.value);
    if (!Number.isInteger(percent) || percent < 1 || percent > 100) errors["deposit"] = "A whole number from 1 to 100";
    return { percent };
  }
  const amount = parseMoney(deposit.value, currency);
  if (amount === null || amount <= 0) errors["deposit"] = "An amount like 4725.00";
  return { amount_minor: amount ?? 0 };
}

function isQuantity(typed: string): boolean {
  return QUANTITY.test(typed.trim()) && Number(typed) > 0;
}

export type Totals = { subtotal: number; tax: number; total: number; deposit: number };

/** Returns what the lines come to while they are typed; lines that cannot be read yet count nothing. */
export function totalsOf(lines: LineDraft[], deposit: Draft["deposit"], currency: string, standard: number): Totals {
  const byRate = new Map<string, bigint>();
  for (const line of lines) {
    const amount = lineAmount(line, currency);
    if (amount === null) continue;
    const rate = PERCENT.test(line.tax.trim()) ? String(thousandths(line.tax.trim())) : "0";
    byRate.set(rate, (byRate.get(rate) ?? 0n) + BigInt(amount));
  }
  let subtotal = 0n;
  let tax = 0n;
  for (const [rate, amount] of byRate) {
    subtotal += amount;
    tax += roundHalfUp(amount * BigInt(rate), 100_000n);
  }
  const total = Number(subtotal + tax);
  return { subtotal: Number(subtotal), tax: Number(tax), total, deposit: depositAmount(total, deposit, currency, standard) };
}

/** Returns quantity times price in minor units, rounded half up as the API rounds; null when one cannot be read. */
export function lineAmount(line: LineDraft, currency: string): number | null {
  const price = parseMoney(line.price, currency);
  if (price === null || !isQuantity(line.quantity)) return null;
  return Number(roundHalfUp(BigInt(thousandths(line.quantity.trim())) * BigInt(price), 1000n));
}

function depositAmount(total: number, deposit: Draft["deposit"], currency: string, standard: number): number {
  const smallest = 10 ** exponent(currency);
  if (deposit.kind === "amount") {
    return Math.min(Math.max(parseMoney(deposit.value, currency) ?? 0, smallest), Math.max(total, 0));
  }
  const percent = deposit.kind === "percent" ? Number(deposit.value) : standard;
  if (!Number.isInteger(percent) || percent < 1 || percent > 100) return 0;
  return Math.min(Math.max(Number(roundHalfUp(BigInt(total) * BigInt(percent), 100n)), smallest), Math.max(total, 0));
}

function thousandths(decimal: string): number {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return Number(whole + fraction.padEnd(3, "0"));
}

/** Half away from zero, as `Decimal.ROUND_HALF_UP`. */
function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  const half = denominator / 2n;
  return numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator);
}
