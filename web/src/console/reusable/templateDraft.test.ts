import { describe, expect, test } from "vitest";
import type { Standards } from "../editor/draft";
import { contentOf, draftOfTemplate } from "./templateDraft";

const STANDARDS: Standards = {
  language: "en",
  validity_days: 30,
  time_zone: "America/Denver",
  default_tax_percent: "8.81",
  default_introductions: { en: "Hello.", es: "Hola." },
  default_terms: { en: "Cash.", es: "Efectivo." },
};
const LINE = {
  name: "Shingles",
  description: "Grey",
  quantity: "33.5",
  unit: "square",
  unit_price_minor: 41_235,
  tax_percent: "8.81",
  section: "Roof",
  discount_percent: "5",
  discount_minor: 0,
  optional: true,
  preselected: true,
};
const FULL = {
  title: "Roof",
  language: "es" as const,
  introduction: "Gracias.",
  terms: "Efectivo.",
  currency: "USD",
  deposit: { percent: 20 },
  milestones: [{ name: "Materials", percent: "33.3" }, { name: "Dried in", amount_minor: 100_000 }],
  lines: [LINE],
  options: [{ name: "Best", description: "50 years", lines: [] }],
  files: [{ file_id: 9, caption: "North" }, { file_id: 10, caption: "Gone" }],
};
const PHOTO = { id: 9, kind: "photo" as const, name: "n.jpg", size_bytes: 1, media_type: "image/jpeg", sha256: "", width: 1, height: 1, created_at: "" };

describe("a template in the editor", () => {
  test("comes back as it was; only what is gone and what is the company's own text is left out", () => {
    const draft = draftOfTemplate(FULL, "USD", [PHOTO], STANDARDS);
    expect(draft.validUntil).toBe("");
    const { content, errors } = contentOf(draft, "USD", STANDARDS, { ...FULL, right_to_cancel: false });
    expect(errors).toEqual({});
    const { terms: _own, ...kept } = FULL;
    expect(content).toEqual({ ...kept, right_to_cancel: false, files: [{ file_id: 9, caption: "North" }] });
  });

  test("what was left out is shown as the company's standard and stays left out", () => {
    const short = { title: "Roof", introduction: undefined as unknown as string, terms: undefined as unknown as string, deposit: {} };
    const draft = draftOfTemplate(short, "USD", [], STANDARDS);
    expect(draft.introduction).toBe("Hello.");
    const { content } = contentOf(draft, "USD", STANDARDS);
    expect(content).not.toHaveProperty("introduction");
    expect(content?.deposit).toEqual({});
  });

  test("a line without a name is told at its place", () => {
    const draft = draftOfTemplate({ ...FULL, lines: [{ ...LINE, name: " " }] }, "USD", [], STANDARDS);
    expect(contentOf(draft, "USD", STANDARDS).errors).toEqual({ "lines.0.name": "What is it?" });
  });
});
