/** Money as people read and type it. */

import { describe, expect, it } from "vitest";
import { decimalText, exponent, formatMoney, parseMoney } from "./money";

describe("formatMoney", () => {
  it("writes the figure as look and paper have it, in both languages", () => {
    expect(formatMoney(472500, "USD")).toBe("$4,725.00");
    expect(formatMoney(472500, "USD", "es")).toBe("$4,725.00");
    expect(formatMoney(-15641, "USD")).toBe("-$156.41");
  });

  it("knows currencies without and with three decimals", () => {
    expect(formatMoney(4725, "JPY")).toBe("¥4,725");
    expect(formatMoney(4725, "KWD").replace(/\s/u, " ")).toBe("KWD 4.725");
    expect([exponent("USD"), exponent("JPY"), exponent("KWD")]).toEqual([2, 0, 3]);
  });
});

describe("parseMoney", () => {
  it("reads what people type", () => {
    expect(parseMoney("$1,234.5", "USD")).toBe(123450);
    expect(parseMoney(" 95 ", "USD")).toBe(9500);
    expect(parseMoney("-156.41", "USD")).toBe(-15641);
    expect(parseMoney("−156.41", "USD")).toBe(-15641);
    expect(parseMoney("-0", "USD")).toBe(0);
  });

  it("refuses what is no amount of that currency", () => {
    for (const typed of ["", "abc", "1.234", "1e5", "--1", ".5", "12345678901"]) {
      expect(parseMoney(typed, "USD")).toBeNull();
    }
    expect(parseMoney("1.5", "JPY")).toBeNull();
  });

  it("takes back what decimalText wrote", () => {
    for (const [minor, currency] of [[472500, "USD"], [-1, "USD"], [7, "JPY"], [1234, "KWD"]] as const) {
      expect(parseMoney(decimalText(minor, currency), currency)).toBe(minor);
    }
  });
});
