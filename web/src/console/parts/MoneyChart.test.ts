/** The chart's two lines are running sums, so that they meet when everything is booked. */

import { expect, it } from "vitest";
import { running, scaleTop } from "./MoneyChart";

it("sums up by day", () => {
  const days = [
    { date: "2026-11-01", received_minor: 500, booked_minor: 0 },
    { date: "2026-11-02", received_minor: 100, booked_minor: 600 },
  ];
  expect(running(days).at(-1)).toEqual({ date: "2026-11-02", received_minor: 600, booked_minor: 600 });
});

it("ends its scale at a round amount, and never at a cent", () => {
  expect(scaleTop(0, "USD")).toBe(100_000);
  expect(scaleTop(472_500, "USD")).toBe(500_000);
  expect(scaleTop(500_000, "USD")).toBe(500_000);
  expect(scaleTop(1_222_501, "USD")).toBe(1_500_000);
  expect(scaleTop(0, "JPY")).toBe(1_000);
});
