/** Days and times as people say them. */

import { expect, it } from "vitest";
import { formatAgo, formatDay, formatMoment, formatUntil, isAhead } from "./dates";

const NOW = new Date("2026-11-22T12:00:00Z");

it("keeps a plain date on its day in every time zone", () => {
  expect(formatDay("2025-11-02")).toBe("Nov 2, 2025");
  expect(formatDay("2025-11-02", "es")).toMatch(/2.*nov.*2025/);
});

it("says of what ends at midnight the last minute before it", () => {
  expect(formatUntil("2026-12-03T07:00:00Z")).toBe(formatMoment("2026-12-03T06:59:00Z"));
});

it("says how long ago, and the day when it is long ago", () => {
  expect(formatAgo("2026-11-22T11:59:50Z", NOW)).toBe("just now");
  expect(formatAgo("2026-11-22T12:00:02Z", NOW)).toBe("just now");
  expect(formatAgo("2026-11-22T12:00:30Z", NOW)).toBe("in a moment");
  expect(formatAgo("2026-11-22T11:55:00Z", NOW)).toBe("5 minutes ago");
  expect(formatAgo("2026-11-22T14:00:00Z", NOW)).toBe("in 2 hours");
  expect(formatAgo("2026-11-21T12:00:00Z", NOW)).toBe("yesterday");
  expect(formatAgo("2026-10-01T12:00:00Z", NOW)).toBe("Oct 1, 2026");
});

it("knows what is still to come", () => {
  expect(isAhead("2026-11-22T12:00:01Z", NOW)).toBe(true);
  expect(isAhead("2026-11-22T12:00:00Z", NOW)).toBe(false);
});
