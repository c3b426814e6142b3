/** Money as people read and type it: integer minor units with their currency in, `$4,725.00` out. */

export type Language = "en" | "es";

/** Intl locales: Spanish as written in the United States, so that figures look the same in both. */
export const LOCALES: Record<Language, string> = { en: "en-US", es: "es-US" };

// Stripe's minor units (docs.stripe.com/currencies), as the API's `kit/money.py` has them.
const ZERO_DECIMAL = new Set(
  "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(" "),
);
const THREE_DECIMAL = new Set("BHD JOD KWD OMR TND".split(" "));

/** Returns an amount with its currency: `formatMoney(472500, "USD")` is `$4,725.00`. */
export function formatMoney(minor: number, currency: string, language: Language = "en"): string {
  const digits = exponent(currency);
  return new Intl.NumberFormat(LOCALES[language], {
    style: "currency",
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(minor / 10 ** digits);
}

/** Returns the digits after the point of a currency (ISO code in capitals). */
export function exponent(currency: string): number {
  if (ZERO_DECIMAL.has(currency)) return 0;
  return THREE_DECIMAL.has(currency) ? 3 : 2;
}

/** Returns what somebody typed (`$1,234.5`) as minor units, or null when it is not an amount of that currency. */
export function parseMoney(typed: string, currency: string): number | null {
  const digits = exponent(currency);
  const match = /^(-?)(\d{1,10})(?:\.(\d*))?$/.exec(typed.replaceAll(/[\s,$€£¥]/g, "").replace("−", "-"));
  if (!match) return null;
  const [, sign, whole = "", fraction = ""] = match;
  if (fraction.length > digits) return null;
  const minor = Number(whole + fraction.padEnd(digits, "0"));
  return sign && minor !== 0 ? -minor : minor;
}

/** Returns minor units as a plain decimal for an input field: 472500 USD is `4725.00`. */
export function decimalText(minor: number, currency: string): string {
  return (minor / 10 ** exponent(currency)).toFixed(exponent(currency));
}
