/** The console's typed client, generated from the API's description; whatever goes wrong is raised as a Problem. */

import createClient from "openapi-fetch";
import { networkAway, Problem, problemOf } from "./problem";
import type { components, paths } from "./schema";

const TIMEOUT_MILLISECONDS = 30_000;

export type Shape<Name extends keyof components["schemas"]> = components["schemas"][Name];

export const client = createClient<paths>({
  credentials: "same-origin",
  fetch: (request) => fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) }),
});

client.use({
  async onResponse({ response }) {
    if (response.ok) return;
    throw problemOf(response, await bodyOf(response));
  },
  onError: ({ error }) => (error instanceof Problem ? error : networkAway()),
});

/** Returns what the API answered; failures were already raised as Problem. */
export async function answerOf<T>(call: Promise<{ data?: T }>): Promise<T> {
  return (await call).data as T;
}

/** Returns a new name for a creating request, so that sending it twice creates one thing. */
export function idempotencyKey(): string {
  // randomUUID exists only in secure contexts; an office may open the console over plain http in its own network.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.clone().json();
  } catch {
    return undefined; // not JSON: `problemOf` then speaks of the status alone
  }
}
