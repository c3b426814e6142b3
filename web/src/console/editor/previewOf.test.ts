/** The preview shows what the API would: the totals of the editor, numbers that a choice can name, nothing half typed. */

import { describe, expect, it } from "vitest";
import { emptyDraft, emptyLine, emptyMilestone, emptyOption, savable, withNewKeys, contentOf } from "./draft";
import { type Around, pricePreview, previewOf } from "./previewOf";
import { totalsOf } from "./totals";

const AROUND: Around = {
  currency: "USD",
  standard: 30,
  org: {
    name: "PeakPro Roofing", phone: null, email: null, address: null, brand_color: null, logo_file_id: null,
    website: null, licence_number: null,
  },
  customer: "Elena Hartley",
  stored: null,
};
const line = (name: string, price: string, more = {}) => ({ ...emptyLine("8.81"), name, price, ...more });
const draft = {
  ...emptyDraft(1),
  title: "Roof",
  lines: [line("Tear-off", "1234.56"), line("Guards", "99.99", { optional: true }), line("Vent", "10", { optional: true, preselected: true })],
  options: [
    { ...emptyOption("Good"), lines: [line("Shingles", "8000")] },
    { ...emptyOption("Better"), lines: [line("Slate", "12000.01")] },
  ],
};

describe("previewOf", () => {
  it("has the editor's totals for every option", () => {
    const view = previewOf(draft, AROUND);
    const totals = draft.options.map((option) => totalsOf([...draft.lines, ...option.lines], "USD").total);
    expect(view.options.map(({ total_minor }) => total_minor)).toEqual(totals);
    expect(view.total_minor).toBe(totals[0]);
    expect(view.schedule.reduce((sum, part) => sum + part.amount_minor, 0)).toBe(totals[0]);
  });

  it("reckons a choice by the numbers it shows", () => {
    const view = previewOf(draft, AROUND);
    const [good, better] = view.options;
    for (const option of [good, better]) {
      expect(pricePreview(draft, AROUND, option?.id ?? 0, view.selected_line_ids).total_minor).toBe(option?.total_minor);
    }
    const guards = view.lines.find(({ name }) => name === "Guards");
    const with_guards = pricePreview(draft, AROUND, good?.id ?? 0, [...view.selected_line_ids, guards?.id ?? 0]);
    expect(with_guards.subtotal_minor).toBe((good?.subtotal_minor ?? 0) + 9999);
    const without = pricePreview(draft, AROUND, good?.id ?? 0, []);
    expect(without.subtotal_minor).toBe((good?.subtotal_minor ?? 0) - 1000);
  });

  it("shows what can be read while a figure is half typed", () => {
    const view = previewOf({ ...draft, options: [], lines: [line("Roof", "1x"), line("Vent", "10")], milestones: [emptyMilestone()] }, AROUND);
    expect(view.subtotal_minor).toBe(1000);
    expect(view.schedule.map(({ key }) => key)).toEqual(["deposit", "final"]);
  });
});

describe("savable", () => {
  it("leaves out lines that nobody has begun, and keeps those that are half done", () => {
    const { lines } = savable({ ...draft, lines: [emptyLine(), line("Vent", ""), { ...emptyLine(), price: "5" }] });
    expect(lines.map(({ name, price }) => [name, price])).toEqual([["Vent", ""], ["", "5"]]);
  });
});

describe("withNewKeys", () => {
  it("changes no word", () => {
    const again = withNewKeys(draft);
    expect(contentOf(again)).toBe(contentOf(draft));
    expect(again.lines[0]?.key).not.toBe(draft.lines[0]?.key);
  });
});
