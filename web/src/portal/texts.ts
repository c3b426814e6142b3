/** The portal's sentences in the reader's language, and which language that is. */

import type { Language } from "../words/money";
import { EN } from "./english";
import { ES } from "./spanish";

export type Texts = typeof EN;

export const TEXTS: Record<Language, Texts> = { en: EN, es: ES };

const KEPT_AS = "portal-language";

/** Returns the language to start with: the one chosen here before, else that of the sale, else the browser's. */
export function firstLanguage(browser: readonly string[], sale?: Language): Language {
  const before = storage()?.getItem(KEPT_AS);
  if (before === "en" || before === "es") return before;
  if (sale) return sale;
  const wanted = browser.find((tag) => /^(en|es)\b/i.test(tag));
  return wanted?.toLowerCase().startsWith("es") ? "es" : "en";
}

export function keepLanguage(language: Language): void {
  storage()?.setItem(KEPT_AS, language);
}

/** A browser that blocks site data throws on the mere mention of it; the page then just forgets the language. */
function storage(): Storage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
