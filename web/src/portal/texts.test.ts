/** English and Spanish say the same things. */

import { expect, it } from "vitest";
import { firstLanguage, TEXTS } from "./texts";

it("leaves no sentence untranslated", () => {
  const same = Object.entries(TEXTS.en)
    .filter(([key, text]) => typeof text === "string" && text === (TEXTS.es as Record<string, unknown>)[key])
    .map(([key]) => key);
  expect(same).toEqual(["subtotal", "totalLine"]); // the words are the same in both
});

it("starts in the browser's language", () => {
  expect(firstLanguage(["es-MX", "en"])).toBe("es");
  expect(firstLanguage(["fr-FR", "en-US"])).toBe("en");
  expect(firstLanguage([])).toBe("en");
});

it("speaks the language of the sale as soon as it is known", () => {
  expect(firstLanguage(["en-US"], "es")).toBe("es");
});
