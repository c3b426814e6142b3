/** A proposal while it is being written: what was typed, and what the API is given. Pure. */

import { decimalText, parseMoney } from "../../words/money";
import type { Org } from "../data/org";
import type { NewProposal, Proposal } from "../data/proposals";
import { discountOf, isQuantity, lineAmount, type Rule, ruleOf, thousandthsOf } from "./totals";

export type LineDraft = {
  key: string;
  section: string;
  name: string;
  description: string;
  quantity: string;
  unit: string;
  price: string;
  tax: string;
  /** `5 %`, `100.00`, or nothing. */
  discount: string;
  /** The customer may tick it or leave it. */
  optional: boolean;
  preselected: boolean;
};
export type OptionDraft = { key: string; name: string; description: string; lines: LineDraft[] };
export type DepositDraft = { kind: "standard" | "percent" | "amount"; value: string };
/** `value` is `25 %` or `1000.00`. */
export type MilestoneDraft = { key: string; name: string; value: string };
export type FileDraft = Pick<Proposal["files"][number], "id" | "kind" | "name" | "size_bytes" | "caption">;
export type Draft = {
  customerId: number | null;
  title: string;
  introduction: string;
  terms: string;
  validUntil: string;
  deposit: DepositDraft;
  language: Proposal["language"];
  milestones: MilestoneDraft[];
  lines: LineDraft[];
  options: OptionDraft[];
  files: FileDraft[];
};

type LineBody = NonNullable<NewProposal["lines"]>[number];

/** By the API's field names (`lines.0.quantity`), so that its errors and ours land in the same place. */
export type FieldErrors = Record<string, string>;

let keys = 0;
const newKey = () => `k${(keys += 1)}`;

export function emptyLine(tax = "0", section = ""): LineDraft {
  return {
    key: newKey(),
    section,
    name: "",
    description: "",
    quantity: "1",
    unit: "",
    price: "",
    tax,
    discount: "",
    optional: false,
    preselected: false,
  };
}

export function emptyOption(name: string, tax = "0"): OptionDraft {
  return { key: newKey(), name, description: "", lines: [emptyLine(tax)] };
}

export function emptyMilestone(): MilestoneDraft {
  return { key: newKey(), name: "", value: "" };
}

/** What a company begins its proposals with. */
export type Standards = Pick<
  Org,
  "language" | "validity_days" | "time_zone" | "default_tax_percent" | "default_introductions" | "default_terms"
>;

/** Returns a new proposal with the company's own texts, tax and validity. */
export function emptyDraft(customerId: number | null, standards?: Standards, now: Date = new Date()): Draft {
  const language = standards?.language ?? "en";
  return {
    customerId,
    title: "",
    introduction: standards?.default_introductions[language] ?? "",
    terms: standards?.default_terms[language] ?? "",
    validUntil: standards?.validity_days ? dayAhead(standards.validity_days, standards.time_zone, now) : "",
    deposit: { kind: "standard", value: "" },
    language,
    milestones: [],
    lines: [emptyLine(standards?.default_tax_percent ?? "0")],
    options: [],
    files: [],
  };
}

/** Returns the draft in another language. The company's standard texts change with it; what was written stays. */
export function inLanguage(draft: Draft, language: Draft["language"], standards: Standards | undefined): Draft {
  const text = (written: string, texts: Standards["default_terms"] | undefined) =>
    written === (texts?.[draft.language] ?? "") ? (texts?.[language] ?? "") : written;
  return {
    ...draft,
    language,
    introduction: text(draft.introduction, standards?.default_introductions),
    terms: text(draft.terms, standards?.default_terms),
  };
}

/** Returns the day, `2025-11-02`, that is so many days ahead where the company works. */
function dayAhead(days: number, timeZone: string, now: Date): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(now.getTime() + days * 86_400_000));
}

/** Returns a stored proposal as it can be edited. */
export function draftOf(proposal: Proposal): Draft {
  const { currency } = proposal;
  const { rule, percent, amount_minor } = proposal.deposit;
  const share = (part: string | null, minor: number | null) =>
    part === null ? decimalText(minor ?? 0, currency) : `${part} %`;
  const lineOf = (line: Proposal["lines"][number]): LineDraft => ({
    key: newKey(),
    section: line.section,
    name: line.name,
    description: line.description,
    quantity: line.quantity,
    unit: line.unit,
    price: decimalText(line.unit_price_minor, currency),
    tax: line.tax_percent,
    discount:
      Number(line.discount_percent) > 0
        ? share(line.discount_percent, null)
        : line.discount_minor > 0
          ? share(null, line.discount_minor)
          : "",
    optional: line.optional,
    preselected: line.preselected,
  });
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
          ? { kind: "amount", value: decimalText(amount_minor, currency) }
          : { kind: "percent", value: String(percent) },
    language: proposal.language,
    milestones: proposal.milestones.map((milestone) => ({
      key: newKey(),
      name: milestone.name,
      value: share(milestone.percent, milestone.amount_minor),
    })),
    lines: proposal.lines.map(lineOf),
    options: proposal.options.map((option) => ({
      key: newKey(),
      name: option.name,
      description: option.description,
      lines: option.lines.map(lineOf),
    })),
    files: proposal.files,
  };
}

/** Returns everything that was written, to compare drafts by. */
export function contentOf(draft: Draft): string {
  return JSON.stringify(draft, (name, value: unknown) => (name === "key" ? undefined : value));
}

function fresh<T extends { key: string }>(item: T): T {
  return { ...item, key: newKey() };
}

/** Returns a draft that was kept outside this page: its keys may be in use here. */
export function withNewKeys(draft: Draft): Draft {
  return {
    ...draft,
    lines: draft.lines.map(fresh),
    milestones: draft.milestones.map(fresh),
    options: draft.options.map((option) => ({ ...fresh(option), lines: option.lines.map(fresh) })),
  };
}

/** Returns the draft without lines that nobody has begun to fill in: they do not keep the rest from being saved. */
export function savable(draft: Draft): Draft {
  return {
    ...draft,
    lines: draft.lines.filter(begun),
    options: draft.options.map((option) => ({ ...option, lines: option.lines.filter(begun) })),
  };
}

function begun(line: LineDraft): boolean {
  return Boolean(line.name.trim() || line.price.trim() || line.description.trim());
}

/** Returns what the API takes, or which fields cannot be understood. */
export function bodyOf(draft: Draft, currency: string): { body?: NewProposal; errors: FieldErrors } {
  const errors: FieldErrors = {};
  if (draft.customerId === null) errors["customer_id"] = "Choose a customer.";
  if (!draft.title.trim()) errors["title"] = "Give the job a name the customer will recognise.";
  const lines = (drafts: LineDraft[], path: string) =>
    drafts.map((line, i) => lineBody(line, `${path}.${i}`, currency, errors));
  const body: NewProposal = {
    customer_id: draft.customerId ?? 0,
    title: draft.title.trim(),
    introduction: draft.introduction.trim(),
    terms: draft.terms.trim(),
    currency,
    valid_until: draft.validUntil || null,
    deposit: depositBody(draft.deposit, currency, errors),
    language: draft.language,
    milestones: draft.milestones.map((milestone, i) => {
      const rule = ruleOf(milestone.value, currency);
      if (!milestone.name.trim()) errors[`milestones.${i}.name`] = "When is it due?";
      if (!rule || isNothing(rule)) errors[`milestones.${i}.value`] = "25 % or 1000.00";
      const share = rule && "percent" in rule ? { percent: rule.percent } : { amount_minor: rule?.minor ?? 0 };
      return { name: milestone.name.trim(), ...share };
    }),
    lines: lines(draft.lines, "lines"),
    options: draft.options.map((option, i) => {
      if (!option.name.trim()) errors[`options.${i}.name`] = "Name the option.";
      return {
        name: option.name.trim(),
        description: option.description.trim(),
        lines: lines(option.lines, `options.${i}.lines`),
      };
    }),
    files: draft.files.map(({ id, caption }) => ({ file_id: id, caption: caption.trim() })),
  };
  return Object.keys(errors).length > 0 ? { errors } : { body, errors };
}

function lineBody(line: LineDraft, at: string, currency: string, errors: FieldErrors): LineBody {
  const price = parseMoney(line.price, currency);
  const discount = discountOf(line.discount, currency);
  if (!line.name.trim()) errors[`${at}.name`] = "What is it?";
  if (!isQuantity(line.quantity)) errors[`${at}.quantity`] = "A number above 0";
  if (price === null) errors[`${at}.unit_price_minor`] = "An amount like 125.00";
  if (thousandthsOf(line.tax) === null) errors[`${at}.tax_percent`] = "A percentage like 8.31";
  if (discount === undefined) errors[`${at}.discount`] = "5 % or 100.00";
  else if (discount && (price ?? 0) < 0) errors[`${at}.discount`] = "A credit cannot have a discount of its own.";
  else if (discount && (lineAmount(line, currency) ?? 0) < 0) errors[`${at}.discount`] = "More than the line itself";
  if (line.optional && (price ?? 0) < 0) errors[`${at}.unit_price_minor`] = "An optional line cannot be a credit.";
  return {
    name: line.name.trim(),
    description: line.description.trim(),
    quantity: line.quantity.trim(),
    unit: line.unit.trim(),
    unit_price_minor: price ?? 0,
    tax_percent: line.tax.trim(),
    section: line.section.trim(),
    discount_percent: discount && "percent" in discount ? discount.percent : "0",
    discount_minor: discount && "minor" in discount ? discount.minor : 0,
    optional: line.optional,
    preselected: line.optional && line.preselected,
  };
}

function depositBody(deposit: DepositDraft, currency: string, errors: FieldErrors): NewProposal["deposit"] {
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

function isNothing(rule: Rule): boolean {
  return "minor" in rule ? rule.minor === 0 : rule.thousandths === 0;
}
