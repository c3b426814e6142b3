/** A rule on deposits in words. Pure. */

import { formatMoney } from "../../words/money";
import type { DepositRule, RuleMode } from "../data/law";

export const MODES: { value: RuleMode; label: string; word: string; tone: string }[] = [
  { value: "block", label: "Ask for a reason", word: "Asks for a reason", tone: "red" },
  { value: "warn", label: "Warn", word: "Warns", tone: "amber" },
  { value: "off", label: "Say nothing", word: "Off", tone: "neutral" },
];

export function modeOf(mode: RuleMode) {
  return MODES.find(({ value }) => value === mode) ?? { word: mode, tone: "neutral" };
}

/** How the API rounds a third. */
const THIRD = "33.333";

/** Returns `10 % or $1,000.00, the lesser`. */
export function capWords({ percent, amount_minor }: Pick<DepositRule, "percent" | "amount_minor">): string {
  const parts = [
    percent === null ? "" : percent === THIRD ? "One third" : `${percent} %`,
    amount_minor === null ? "" : formatMoney(amount_minor, "USD"),
  ].filter(Boolean);
  if (parts.length === 0) return "No cap";
  return parts.length === 2 ? `${parts.join(" or ")}, the lesser` : (parts[0] ?? "");
}
