/** The editor's live figures are the API's: the same rounding, line by line. */

import { describe, expect, it } from "vitest";
import { bodyOf, emptyDraft, emptyLine, emptyOption, lineAmount, totalsOf } from "./draft";

const line = (quantity: string, price: string, tax = "0") => ({ ...emptyLine(tax), name: "x", quantity, price });
const STANDARD = { kind: "standard", value: "" } as const;

describe("totals", () => {
  it("rounds a line half up, away from zero for discounts", () => {
    expect(lineAmount(line("33.5", "12.35"), "USD")).toBe(41373); // 413.725
    expect(lineAmount(line("0.5", "-0.01"), "USD")).toBe(-1);
    expect(lineAmount(line("", "1"), "USD")).toBeNull();
    expect(lineAmount(line("1.2345", "1"), "USD")).toBeNull();
  });

  it("taxes all lines of one rate together", () => {
    // 0.05 + 0.05 at 10 %: 0.01 together, 0.02 if each were rounded by itself.
    expect(totalsOf([line("1", "0.05", "10"), line("1", "0.05", "10")], STANDARD, "USD", 30).tax).toBe(1);
    expect(totalsOf([line("33.5", "12.35", "8.81")], STANDARD, "USD", 30)).toEqual({
      subtotal: 41373,
      tax: 3645,
      total: 45018,
      deposit: 13505,
    });
  });

  it("asks a deposit by its rule, at least one whole unit and at most the total", () => {
    const lines = [line("1", "100")];
    expect(totalsOf(lines, { kind: "percent", value: "25" }, "USD", 30).deposit).toBe(2500);
    expect(totalsOf(lines, { kind: "amount", value: "40" }, "USD", 30).deposit).toBe(4000);
    expect(totalsOf(lines, { kind: "amount", value: "400" }, "USD", 30).deposit).toBe(10000);
    expect(totalsOf([line("1", "1.50")], STANDARD, "USD", 30).deposit).toBe(100);
  });
});

describe("bodyOf", () => {
  it("names every field that cannot be understood by the API's own path", () => {
    const draft = { ...emptyDraft(null), lines: [line("0", "abc", "x")], options: [{ ...emptyOption(""), lines: [] }] };
    expect(Object.keys(bodyOf(draft, "USD").errors).toSorted()).toEqual([
      "customer_id",
      "lines.0.quantity",
      "lines.0.tax_percent",
      "lines.0.unit_price_minor",
      "options.0.name",
      "title",
    ]);
  });

  it("sends money as minor units and quantities as they were typed", () => {
    const draft = { ...emptyDraft(3), title: " Roof ", lines: [line("33.5", "12.35", "8.81")] };
    expect(bodyOf(draft, "USD").body).toMatchObject({
      customer_id: 3,
      title: "Roof",
      currency: "USD",
      valid_until: null,
      deposit: {},
      lines: [{ quantity: "33.5", unit_price_minor: 1235, tax_percent: "8.81" }],
    });
  });
});
