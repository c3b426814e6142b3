/** The chart's two lines are running sums, so that they meet when everything is booked. */

import { expect, it } from "vitest";
import { running } from "./MoneyChart";

it("sums up by day", () => {
  const days = [
    { date: "2026-11-01", received_minor: 500, booked_minor: 0 },
    { date: "2026-11-02", received_minor: 100, booked_minor: 600 },
  ];
  expect(running(days).at(-1)).toEqual({ date: "2026-11-02", received_minor: 600, booked_minor: 600 });
});
