/** The words on buttons that the API names by a verb. */

const ACTS: Record<string, string> = { retry: "Try again", reconnect: "Reconnect QuickBooks", resolve: "Look at it" };

export function act(action: string): string {
  return ACTS[action] ?? "Look at it";
}

/** Returns who did something: `user:3` is `User 3`, `stripe` is `Stripe`. */
export function actorWord(actor: string): string {
  const [kind = "", id] = actor.split(":");
  const word = kind.replaceAll("_", " ").replace(/^api /, "API ");
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}${id ? ` ${id}` : ""}`;
}

/** Returns `1 payment`, `3 payments`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}
