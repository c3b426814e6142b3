/** The page's language, for every part of it: sentences, money and dates. */

import { createContext, use } from "react";
import { formatDay, formatMoment, formatUntil } from "../words/dates";
import { formatMoney, type Language } from "../words/money";
import { TEXTS, type Texts } from "./texts";

const Context = createContext<{ t: Texts; language: Language }>({ t: TEXTS.en, language: "en" });

export const Words = Context.Provider;

export type Speech = {
  /** A part of the price by its name: ours are translated, milestones are named by the contractor. */
  part: (part: { key: string; name: string }) => string;
  t: Texts;
  language: Language;
  money: (minor: number, currency: string) => string;
  day: (iso: string) => string;
  moment: (iso: string) => string;
  /** The last minute before a moment. */
  until: (iso: string) => string;
};

export function useWords(): Speech {
  const { t, language } = use(Context);
  return {
    t,
    language,
    part: ({ key, name }) => (key === "deposit" ? t.partDeposit : key === "final" ? t.partFinal : name),
    money: (minor, currency) => formatMoney(minor, currency, language),
    day: (iso) => formatDay(iso, language),
    moment: (iso) => formatMoment(iso, language),
    until: (iso) => formatUntil(iso, language),
  };
}
