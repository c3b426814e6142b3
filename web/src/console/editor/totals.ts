/** What a proposal comes to while it is typed, to the cent as the API computes it (`proposals/pricing.py`, `schedule.py`). Pure. */

import { exponent, formatMoney, parseMoney } from "../../words/money";
import type { DepositDraft, LineDraft, MilestoneDraft } from "./draft";

export type Totals = { subtotal: number; tax: number; total: number };
export type Part = { key: string; name: string; amount: number };
/** A discount or a payment: a share in thousandths of a percent, or minor units. */
export type Rule = { percent: string; thousandths: number } | { minor: number };

const QUANTITY = /^\d{1,7}(\.\d{1,3})?$/;
const PERCENT = /^\d{1,3}(\.\d{1,3})?$/;
const WHOLE_PERCENT = 100_000;
/** Stripe charges these only in larger steps (docs.stripe.com/currencies), as the API's `kit/money.py` has them. */
const LARGER_STEPS: Record<string, number> = { BHD: 10, JOD: 10, KWD: 10, OMR: 10, TND: 10, UGX: 100, ISK: 100 };

/** Returns what the lines come to; lines that cannot be read yet count nothing, and optional ones when ticked. */
export function totalsOf(lines: LineDraft[], currency: string, everyExtra = false): Totals {
  const byRate = new Map<number, bigint>();
  for (const line of lines) {
    const amount = lineAmount(line, currency);
    if (amount === null || (line.optional && !line.preselected && !everyExtra)) continue;
    const rate = thousandthsOf(line.tax) ?? 0;
    byRate.set(rate, (byRate.get(rate) ?? 0n) + BigInt(amount));
  }
  let subtotal = 0n;
  let tax = 0n;
  for (const [rate, amount] of byRate) {
    subtotal += amount;
    tax += shareOf(amount, rate);
  }
  return { subtotal: Number(subtotal), tax: Number(tax), total: Number(subtotal + tax) };
}

/** Returns quantity times price less the discount in minor units; null when one of them cannot be read. */
export function lineAmount(line: LineDraft, currency: string): number | null {
  const full = fullAmount(line, currency);
  const discount = discountOf(line.discount, currency);
  if (full === null || discount === undefined) return null;
  if (discount === null) return full;
  return full - ("minor" in discount ? discount.minor : Number(shareOf(BigInt(full), discount.thousandths)));
}

function fullAmount(line: LineDraft, currency: string): number | null {
  const price = parseMoney(line.price, currency);
  if (price === null || !isQuantity(line.quantity)) return null;
  return Number(roundHalfUp(BigInt(decimalThousandths(line.quantity.trim())) * BigInt(price), 1000n));
}

export function isQuantity(typed: string): boolean {
  return QUANTITY.test(typed.trim()) && Number(typed) > 0;
}

/** Returns a percentage (`8.31`) in thousandths of a percent, or null when it is none from 0 to 100. */
export function thousandthsOf(typed: string): number | null {
  if (!PERCENT.test(typed.trim())) return null;
  const found = decimalThousandths(typed.trim());
  return found <= WHOLE_PERCENT ? found : null;
}

/** Returns `5 %` as a share and `100.00` as an amount; null when nothing is typed, undefined when it cannot be read. */
export function discountOf(typed: string, currency: string): Rule | null | undefined {
  return typed.trim() === "" ? null : ruleOf(typed, currency);
}

/** Returns a payment's rule, `25 %` or `1000.00`; undefined when it cannot be read. */
export function ruleOf(typed: string, currency: string): Rule | undefined {
  const text = typed.trim();
  if (text.endsWith("%")) {
    const percent = text.slice(0, -1).trim();
    const thousandths = thousandthsOf(percent);
    return thousandths === null ? undefined : { percent, thousandths };
  }
  const minor = parseMoney(text, currency);
  return minor === null || minor < 0 ? undefined : { minor };
}

export type Schedule = {
  /** Their sum is the total, or what of it can be charged. */
  parts: Part[];
  /** Why no schedule can be made. */
  wrong: string | null;
};

/** Returns deposit, milestones and final balance of a total: always the whole. Milestones that cannot be read count nothing. */
export function scheduleOf(
  total: number,
  deposit: DepositDraft,
  milestones: MilestoneDraft[],
  currency: string,
  standard: number,
): Schedule {
  const payable = payableTotal(total, currency);
  const first = depositRule(deposit, currency, standard);
  const rules = milestones.map(({ name, value }) => ({ name, rule: ruleOf(value, currency) ?? { minor: 0 } }));
  const wrong = rules.length > 0 ? overTheWhole([first, ...rules.map(({ rule }) => rule)], total, currency) : null;
  if (wrong) return { parts: [], wrong };
  const parts: Part[] = [{ key: "deposit", name: "Deposit", amount: depositAmount(total, first, currency) }];
  let rest = payable - (parts[0]?.amount ?? 0);
  for (const [i, { name, rule }] of rules.entries()) {
    // The rounding up of several parts may come to a cent too much: the last of them gets what is left.
    const amount = Math.min(inSteps(rule, total, currency), rest);
    parts.push({ key: `milestone:${i + 1}`, name, amount });
    rest -= amount;
  }
  parts.push({ key: "final", name: "Final balance", amount: rest });
  return { parts: withoutCrumbs(parts, currency), wrong: null };
}

/** Why these are more than the total; null when they fit. Of nothing every percentage is nothing, so they are added too. */
function overTheWhole(rules: Rule[], total: number, currency: string): string | null {
  const asked = rules.reduce((sum, rule) => sum + exact(rule, total), 0n);
  if (asked > BigInt(total) * BigInt(WHOLE_PERCENT)) {
    const sum = formatMoney(Number(roundHalfUp(asked, BigInt(WHOLE_PERCENT))), currency);
    return `Deposit and milestones are ${sum}, more than the total of ${formatMoney(total, currency)}.`;
  }
  const percent = rules.reduce((sum, rule) => sum + ("minor" in rule ? 0 : rule.thousandths), 0);
  if (percent <= WHOLE_PERCENT) return null;
  return `Deposit and milestones are ${percent / 1000} % of the total, more than the whole of it.`;
}

/** Returns the deposit's rule; what cannot be read yet asks the smallest deposit. */
function depositRule(deposit: DepositDraft, currency: string, standard: number): Rule {
  if (deposit.kind === "amount") return { minor: parseMoney(deposit.value, currency) ?? 0 };
  const percent = deposit.kind === "standard" ? String(standard) : deposit.value;
  return { percent, thousandths: thousandthsOf(percent) ?? 0 };
}

function depositAmount(total: number, rule: Rule, currency: string): number {
  return Math.min(Math.max(inSteps(rule, total, currency), wholeUnit(currency)), payableTotal(total, currency));
}

/** In minor units times 100,000, so that nothing is rounded before the sum is compared. */
function exact(rule: Rule, total: number): bigint {
  return "minor" in rule ? BigInt(rule.minor) * BigInt(WHOLE_PERCENT) : BigInt(total) * BigInt(rule.thousandths);
}

function inSteps(rule: Rule, total: number, currency: string): number {
  const step = stepOf(currency);
  return Number(roundHalfUp(exact(rule, total), BigInt(WHOLE_PERCENT * step))) * step;
}

function payableTotal(total: number, currency: string): number {
  return Math.max(Math.floor(total / stepOf(currency)) * stepOf(currency), 0);
}

/** Nobody is asked for less than one whole unit: such a part is added to the one before it. */
function withoutCrumbs(parts: Part[], currency: string): Part[] {
  const kept: Part[] = [];
  for (const part of parts) {
    const last = kept.at(-1);
    if (last && part.amount < wholeUnit(currency)) kept[kept.length - 1] = { ...last, amount: last.amount + part.amount };
    else kept.push(part);
  }
  return kept.filter(({ amount }) => amount > 0);
}

function stepOf(currency: string): number {
  return LARGER_STEPS[currency] ?? 1;
}

function wholeUnit(currency: string): number {
  return 10 ** exponent(currency);
}

function shareOf(amount: bigint, thousandths: number): bigint {
  return roundHalfUp(amount * BigInt(thousandths), BigInt(WHOLE_PERCENT));
}

function decimalThousandths(decimal: string): number {
  const [whole = "0", fraction = ""] = decimal.split(".");
  return Number(whole + fraction.padEnd(3, "0"));
}

/** Half away from zero, as `Decimal.ROUND_HALF_UP`. */
function roundHalfUp(numerator: bigint, denominator: bigint): bigint {
  const half = denominator / 2n;
  return numerator >= 0n ? (numerator + half) / denominator : -((-numerator + half) / denominator);
}
