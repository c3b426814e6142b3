/** The words on buttons that the API names by a verb. */

const ACTS: Record<string, string> = { retry: "Try again", reconnect: "Reconnect QuickBooks", resolve: "Look at it" };

export function act(action: string): string {
  return ACTS[action] ?? "Look at it";
}

/** Returns `1 payment`, `3 payments`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}
