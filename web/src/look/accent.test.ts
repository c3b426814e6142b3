/** Whatever colour an org chooses, its text stays readable. */

import { expect, it } from "vitest";
import { accentOf, contrast, DEFAULT_ACCENT, shadesOf } from "./accent";

const BRANDS = ["#ffff00", "#000000", "#ffffff", "#ff8800", "#1f5fae", "#00ff88", "#777777"];

it("keeps at least 4.5:1 in every place the accent is used", () => {
  for (const brand of BRANDS) {
    const { fill, onLight, onDark } = accentOf(brand);
    expect(contrast(fill, "#ffffff")).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onLight, "#f4f5f7")).toBeGreaterThanOrEqual(4.5);
    expect(contrast(onDark, "#1c2027")).toBeGreaterThanOrEqual(4.5);
  }
});

it("leaves a colour that is readable as it is", () => {
  expect(accentOf("#1f5fae").fill).toBe("#1f5fae");
});

it("falls back to the product's own colour", () => {
  expect(accentOf("not a colour")).toEqual(accentOf(DEFAULT_ACCENT));
  expect(accentOf(null)).toEqual(accentOf(DEFAULT_ACCENT));
});

it("gives ten shades with the readable one seventh", () => {
  const shades = shadesOf("#ffff00");
  expect(shades).toHaveLength(10);
  expect(shades[6]).toBe(accentOf("#ffff00").fill);
});

it("measures contrast as WCAG does", () => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrast("#767676", "#ffffff")).toBeCloseTo(4.54, 1);
});
