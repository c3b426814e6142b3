/** What the page remembers in this tab: the part being paid, a name half typed. */

/** Returns what was kept, or "". A browser that blocks site data throws on the mere mention of it. */
export function kept(key: string): string {
  try {
    return globalThis.sessionStorage?.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** Keeps a text for this tab; where the browser allows none, the page just forgets it. */
export function keep(key: string, text: string): void {
  try {
    globalThis.sessionStorage?.setItem(key, text);
  } catch {
    return;
  }
}
