/** The editor's live figures are the API's: `tests/unit/test_price_vectors.py` reads the same file. */

import { describe, expect, it } from "vitest";
import { decimalText } from "../../words/money";
import vectors from "../../../../tests/vectors/prices.json";
import { type DepositDraft, emptyLine, emptyMilestone } from "./draft";
import { lineAmount, scheduleOf, totalsOf } from "./totals";

const STANDARD_PERCENT = 30;

type Vector = {
  name: string;
  currency: string;
  lines: VectorLine[];
  deposit: { percent?: number; amount_minor?: number };
  milestones: { name: string; percent?: string; amount_minor?: number }[];
  line_amounts: number[];
  subtotal_minor: number;
  tax_minor: number;
  total_minor: number;
  parts: number[] | null;
};
type VectorLine = {
  quantity: string;
  unit_price_minor: number;
  tax_percent: string;
  discount_percent?: string;
  discount_minor?: number;
  optional?: boolean;
  preselected?: boolean;
};

/** What somebody types to mean a share or an amount. */
const typed = (percent: string | undefined, minor: number | undefined, currency: string) =>
  percent ? `${percent} %` : minor ? decimalText(minor, currency) : "";

const lineOf = (line: VectorLine, currency: string) => ({
  ...emptyLine(line.tax_percent),
  quantity: line.quantity,
  price: decimalText(line.unit_price_minor, currency),
  discount: typed(line.discount_percent, line.discount_minor, currency),
  optional: line.optional ?? false,
  preselected: line.preselected ?? false,
});

function depositOf({ percent, amount_minor }: Vector["deposit"], currency: string): DepositDraft {
  if (percent !== undefined) return { kind: "percent", value: String(percent) };
  if (amount_minor !== undefined) return { kind: "amount", value: decimalText(amount_minor, currency) };
  return { kind: "standard", value: "" };
}

describe("the shared prices", () => {
  it.each(vectors as Vector[])("$name", ({ currency, ...vector }) => {
    const lines = vector.lines.map((line) => lineOf(line, currency));
    expect(lines.map((line) => lineAmount(line, currency))).toEqual(vector.line_amounts);
    expect(totalsOf(lines, currency)).toEqual({
      subtotal: vector.subtotal_minor,
      tax: vector.tax_minor,
      total: vector.total_minor,
    });
    const milestones = vector.milestones.map(({ name, percent, amount_minor }) => ({
      ...emptyMilestone(),
      name,
      value: typed(percent, amount_minor, currency),
    }));
    const deposit = depositOf(vector.deposit, currency);
    const { parts, wrong } = scheduleOf(vector.total_minor, deposit, milestones, currency, STANDARD_PERCENT);
    expect(wrong === null).toBe(vector.parts !== null);
    expect(parts.map(({ amount }) => amount)).toEqual(vector.parts ?? []);
  });
});

describe("what cannot be read yet", () => {
  it("counts nothing", () => {
    const line = { ...emptyLine("8.81"), price: "100", quantity: "1" };
    for (const part of [{ quantity: "" }, { quantity: "1.2345" }, { price: "abc" }, { discount: "5 %%" }]) {
      expect(lineAmount({ ...line, ...part }, "USD")).toBeNull();
      expect(totalsOf([{ ...line, ...part }, line], "USD").subtotal).toBe(10000);
    }
  });
});
