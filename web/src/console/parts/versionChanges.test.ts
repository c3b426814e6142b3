/** What changed between two versions is told, and nothing else. */

import { describe, expect, it } from "vitest";
import type { Proposal } from "../data/proposals";
import { changesBetween } from "./versionChanges";

const line = (name: string, part: Partial<Proposal["lines"][number]> = {}): Proposal["lines"][number] => ({
  id: 1,
  name,
  description: "",
  quantity: "1",
  unit: "",
  unit_price_minor: 10000,
  tax_percent: "0",
  amount_minor: 10000,
  section: "",
  discount_percent: "0",
  discount_minor: 0,
  optional: false,
  preselected: false,
  ...part,
});

const proposal = (part: Partial<Proposal>): Proposal =>
  ({
    title: "Roof",
    customer: { id: 1, name: "Ana", email: null },
    language: "en",
    introduction: "",
    terms: "Old terms",
    currency: "USD",
    valid_until: null,
    lines: [line("Shingles")],
    options: [],
    files: [],
    schedule: [{ key: "deposit", name: "Deposit", amount_minor: 3000 }],
    total_minor: 10000,
    ...part,
  }) as Proposal;

const option = (name: string) => ({ id: 1, name, description: "", lines: [line("A")], total_minor: 5000 });

describe("changesBetween", () => {
  it("says nothing of equal versions, whatever their ids", () => {
    expect(changesBetween(proposal({ id: 1 }), proposal({ id: 2, lines: [line("Shingles", { id: 9 })] }))).toEqual([]);
  });

  it("tells lines that came, went and changed, and what follows from it", () => {
    const after = proposal({
      lines: [
        line("Shingles", { quantity: "2", amount_minor: 19000, discount_percent: "5" }),
        line("Gutter", { optional: true }),
      ],
      terms: "New terms",
      total_minor: 19000,
      schedule: [{ key: "deposit", name: "Deposit", amount_minor: 5700 }],
    });
    expect(changesBetween(proposal({ lines: [line("Shingles"), line("Vent")] }), after)).toEqual([
      "Shingles: 1 × $100.00, tax 0 % → 2 × $100.00 less 5 %, tax 0 %",
      "Gutter added, $100.00",
      "Vent taken out, $100.00",
      "Payments: Deposit $30.00 → Deposit $57.00",
      "Terms rewritten",
      "Total: $100.00 → $190.00",
    ]);
  });

  it("tells options by their names", () => {
    const before = proposal({ options: [option("Good"), option("Best")] as Proposal["options"] });
    const after = proposal({ options: [option("Good"), option("Better")] as Proposal["options"] });
    expect(changesBetween(before, after)).toEqual(["Option Better added, $50.00", "Option Best taken out"]);
  });
});
