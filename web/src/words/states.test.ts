/** States are words first, the same everywhere, in both languages. */

import { expect, it } from "vitest";
import { shownPaymentState, STATES, stateWord } from "./states";

it("says every state in both languages", () => {
  for (const words of Object.values(STATES)) {
    for (const { en, es } of Object.values(words)) expect(en && es).toBeTruthy();
  }
  expect(stateWord("proposal", "superseded")).toEqual({ word: "Replaced", tone: "neutral" });
  expect(stateWord("proposal", "superseded", "es").word).toBe("Reemplazado");
  expect(stateWord("books", "needs_you")).toEqual({ word: "Needs you", tone: "red" });
});

it("shows a state it does not know as it is", () => {
  expect(stateWord("payment", "charged_back")).toEqual({ word: "charged back", tone: "neutral" });
});

it("tells what happened to the money after it was paid", () => {
  const paid = { state: "paid", amount_minor: 1000, refunded_minor: 0, disputed: false };
  expect(shownPaymentState(paid)).toBe("paid");
  expect(shownPaymentState({ ...paid, refunded_minor: 400 })).toBe("partly_refunded");
  expect(shownPaymentState({ ...paid, refunded_minor: 1000 })).toBe("refunded");
  expect(shownPaymentState({ ...paid, refunded_minor: 1000, disputed: true })).toBe("disputed");
});
