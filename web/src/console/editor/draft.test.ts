/** What is typed becomes what the API takes, and mistakes are named where they stand. */

import { describe, expect, it } from "vitest";
import { bodyOf, emptyDraft, emptyLine, emptyMilestone, emptyOption, inLanguage, type Standards } from "./draft";

const line = (quantity: string, price: string, tax = "0") => ({ ...emptyLine(tax), name: "x", quantity, price });
const wrong = (part: object) =>
  bodyOf({ ...emptyDraft(1), title: "t", lines: [{ ...line("1", "100"), ...part }] }, "USD").errors;
const STANDARDS: Standards = {
  language: "es",
  validity_days: 30,
  time_zone: "America/Denver",
  default_tax_percent: "8.81",
  default_introductions: { en: "Hello", es: "Hola" },
  default_terms: { en: "Terms", es: "Condiciones" },
};

describe("bodyOf", () => {
  it("names every field that cannot be understood by the API's own path", () => {
    const draft = {
      ...emptyDraft(null),
      lines: [{ ...line("0", "abc", "x"), discount: "5 %%" }],
      options: [{ ...emptyOption(""), lines: [] }],
      milestones: [{ ...emptyMilestone(), value: "0 %" }],
    };
    expect(Object.keys(bodyOf(draft, "USD").errors).toSorted()).toEqual([
      "customer_id",
      "lines.0.discount",
      "lines.0.quantity",
      "lines.0.tax_percent",
      "lines.0.unit_price_minor",
      "milestones.0.name",
      "milestones.0.value",
      "options.0.name",
      "title",
    ]);
  });

  it("refuses a discount on a credit, one larger than its line, and an optional credit", () => {
    expect(wrong({ price: "-5", discount: "1 %" })).toHaveProperty(["lines.0.discount"]);
    expect(wrong({ discount: "100.01" })).toHaveProperty(["lines.0.discount"]);
    expect(wrong({ discount: "101 %" })).toHaveProperty(["lines.0.discount"]);
    expect(wrong({ price: "-5", optional: true })).toHaveProperty(["lines.0.unit_price_minor"]);
    expect(wrong({ discount: "100.00" })).toEqual({});
  });

  it("sends money as minor units, and quantities and shares as they were typed", () => {
    const draft = {
      ...emptyDraft(3),
      title: " Roof ",
      lines: [
        { ...line("33.5", "12.35", "8.81"), discount: " 5 % ", section: " Gutters " },
        { ...line("1", "100"), discount: "$1,0.50", optional: true, preselected: true },
        { ...line("1", "100"), preselected: true },
      ],
      milestones: [
        { ...emptyMilestone(), name: "Delivered", value: "33.333%" },
        { ...emptyMilestone(), name: "Dry", value: "100" },
      ],
      files: [{ id: 4, kind: "photo" as const, name: "a.jpg", size_bytes: 1, caption: " North side " }],
    };
    expect(bodyOf(draft, "USD").body).toMatchObject({
      customer_id: 3,
      title: "Roof",
      currency: "USD",
      valid_until: null,
      deposit: {},
      lines: [
        { quantity: "33.5", unit_price_minor: 1235, tax_percent: "8.81", discount_percent: "5", section: "Gutters" },
        { discount_percent: "0", discount_minor: 1050, optional: true, preselected: true },
        { optional: false, preselected: false },
      ],
      milestones: [
        { name: "Delivered", percent: "33.333" },
        { name: "Dry", amount_minor: 10000 },
      ],
      files: [{ file_id: 4, caption: "North side" }],
    });
  });
});

describe("the company's standards", () => {
  it("begin a proposal: language, texts, tax, and validity by the company's own day", () => {
    // 04:00 UTC on the 2nd is still the 1st in Denver.
    const draft = emptyDraft(null, STANDARDS, new Date("2025-11-02T04:00:00Z"));
    expect(draft).toMatchObject({ language: "es", introduction: "Hola", terms: "Condiciones", validUntil: "2025-12-01" });
    expect(draft.lines[0]?.tax).toBe("8.81");
  });

  it("change with the language, and what was written stays", () => {
    const draft = { ...emptyDraft(null, STANDARDS), terms: "Escritas" };
    expect(inLanguage(draft, "en", STANDARDS)).toMatchObject({ language: "en", introduction: "Hello", terms: "Escritas" });
  });
});
