/** What went wrong, in the reader's language. The server's own sentences are English. */

import { NETWORK_AWAY, type Problem } from "../api/problem";
import type { Language } from "../words/money";
import type { Texts } from "./texts";

const KNOWN: Record<string, keyof Texts> = {
  "too-many": "tooMany",
  "already-paid": "paidAlready",
  "payment-processing": "bankOnItsWay",
  "nothing-due": "notDueYet",
  "too-small-to-pay": "tooSmall",
  "stripe-disconnected": "paymentOff",
  "stripe-not-configured": "paymentOff",
  "proposal-approved": "decidedAlready",
  [NETWORK_AWAY]: "awayLead",
};

/** Returns the sentence to show for a problem. */
export function sentenceOf(problem: Problem, t: Texts, language: Language): string {
  if (language === "en") return problem.message;
  const known = KNOWN[problem.kind];
  const text = known ? t[known] : undefined;
  return typeof text === "string" ? text : t.refused;
}
