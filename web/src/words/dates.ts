/** Days and times as people say them, in the reader's time zone. */

import { LOCALES, type Language } from "./money";

/** Returns a day: `Nov 2, 2025`. A plain date (`2025-11-02`) is that day everywhere. */
export function formatDay(iso: string, language: Language = "en"): string {
  return new Intl.DateTimeFormat(LOCALES[language], {
    dateStyle: "medium",
    timeZone: iso.length === 10 ? "UTC" : undefined,
  }).format(new Date(iso));
}

/** Returns a moment: `Nov 2, 2025, 3:07 PM`. */
export function formatMoment(iso: string, language: Language = "en"): string {
  return new Intl.DateTimeFormat(LOCALES[language], { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Returns the last minute before a moment: what ends at midnight ends `Nov 2, 2025, 11:59 PM`. */
export function formatUntil(iso: string, language: Language = "en"): string {
  return formatMoment(new Date(new Date(iso).getTime() - 60_000).toISOString(), language);
}

/** Returns a month: `2025-11` is `November 2025`. */
export function formatMonth(month: string, language: Language = "en"): string {
  return new Intl.DateTimeFormat(LOCALES[language], { month: "long", year: "numeric", timeZone: "UTC" }).format(
    new Date(`${month}-01`),
  );
}

/** Returns the time of day: `3:07 PM`. */
export function formatTime(at: Date, language: Language = "en"): string {
  return new Intl.DateTimeFormat(LOCALES[language], { timeStyle: "short" }).format(at);
}

/** Returns whether a moment is still to come. */
export function isAhead(iso: string, now: Date = new Date()): boolean {
  return new Date(iso).getTime() > now.getTime();
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

// "Paid now" would ask for something: "now" alone is no answer to when.
const JUST_NOW: Record<Language, string> = { en: "just now", es: "ahora mismo" };
const IN_A_MOMENT: Record<Language, string> = { en: "in a moment", es: "en un momento" };
const CLOCKS_DIFFER_SECONDS = 5;

/** Returns how long ago (or ahead) a moment is: `5 minutes ago`; older than a week it is the day. */
export function formatAgo(iso: string, now: Date = new Date(), language: Language = "en"): string {
  const seconds = (new Date(iso).getTime() - now.getTime()) / 1000;
  if (Math.abs(seconds) > 7 * 86_400) return formatDay(iso, language);
  const words = new Intl.RelativeTimeFormat(LOCALES[language], { numeric: "auto" });
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return words.format(Math.round(seconds / size), unit);
  }
  return (seconds > CLOCKS_DIFFER_SECONDS ? IN_A_MOMENT : JUST_NOW)[language];
}
