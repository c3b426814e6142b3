/** Whether the server can be reached and the session still holds: known once for the whole console, told by Standing. */

import { useSyncExternalStore } from "react";
import { Problem } from "../../api/problem";

export type Reach =
  | { state: "good" }
  /** No answer since then: what is on screen is from before. */
  | { state: "away"; since: Date }
  /** The session ended while somebody worked. */
  | { state: "signed-out" };

const GOOD: Reach = { state: "good" };
const GATEWAYS_AWAY = new Set([0, 502, 503, 504]);

let now: Reach = GOOD;
const listeners = new Set<() => void>();

export function useReach(): Reach {
  return useSyncExternalStore(subscribe, () => now);
}

export function setReach(reach: Reach): void {
  now = reach;
  for (const listener of listeners) listener();
}

/** A read was answered: the server is there. It says nothing of the session, for it may have been asked before. */
export function answered(): void {
  if (now.state === "away") setReach(GOOD);
}

/** A read got no answer; the first time counts. */
export function unanswered(error: Error): void {
  const away = error instanceof Problem && GATEWAYS_AWAY.has(error.status);
  if (away && now.state === "good") setReach({ state: "away", since: new Date() });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
