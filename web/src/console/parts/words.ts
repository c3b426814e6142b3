/** The words on buttons that the API names by a verb. */

const ACTS: Record<string, string> = { retry: "Try again", review: "Say who it is", reconnect: "Reconnect QuickBooks", resolve: "Look at it", open_mail: "Open the mail" };

export function act(action: string): string {
  return ACTS[action] ?? "Look at it";
}

const DIFFERENCES: Record<string, string> = {
  unknown_session: "A payment we did not ask for",
  amount_mismatch: "Another amount than was due",
  paid_twice: "Paid twice",
  refund_failed: "A refund came back",
  stripe_account_restricted: "Stripe restricts the account",
  qbo_edited: "Changed in QuickBooks",
  qbo_voided: "Voided in QuickBooks",
  qbo_deleted: "Deleted in QuickBooks",
  qbo_inactive: "Made inactive in QuickBooks",
  qbo_unapplied: "A payment without its invoice",
  qbo_on_account: "A payment that settles less",
  qbo_paid_by_hand: "Paid in QuickBooks by hand",
};

/** Returns what kind of thing does not fit, in words. */
export function differenceWord(kind: string): string {
  const words = kind.replaceAll("_", " ");
  return DIFFERENCES[kind] ?? `${words.slice(0, 1).toUpperCase()}${words.slice(1)}`;
}

/** Returns `1 payment`, `3 payments`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en-US")} ${n === 1 ? one : many}`;
}

/** Returns what a request was about: `payment:3` is `Payment 3`, `customer:2:Marisol Vega` is `Marisol Vega`. */
export function subjectWords(subject: string): string {
  const [kind = "", ...rest] = subject.split(":");
  const named = rest.at(-1);
  if (named && !/^\d+$/.test(named) && kind !== "refund") return named;
  const words = kind.replaceAll("_", " ");
  return [`${words.slice(0, 1).toUpperCase()}${words.slice(1)}`, ...rest].join(" ");
}
