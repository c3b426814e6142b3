/** What every address needs: words out of its search, and its page's code when it is opened. */

import { lazyRouteComponent } from "@tanstack/react-router";
import { networkAway } from "../api/problem";

/** The first seconds belong to what the person came for. */
const READ_AHEAD_MILLISECONDS = 5_000;
/** Says in this tab's session which build's pages the browser has already fetched. */
const READ_AHEAD_KEY = "peakpro-read-ahead";

export type Text = string | undefined;
/** Returns a word of the address. The library reads `?q=7` as a number and `?q=true` as a yes; both were words that somebody typed. */
export const textOf = (value: unknown): Text =>
  ["string", "number", "boolean"].includes(typeof value) && value !== "" ? String(value) : undefined;

/** Pages not yet loaded; all are fetched once the first one stands, so that moving on needs no server. */
const unread: (() => Promise<unknown>)[] = [];

export function page<Module extends Record<Name, () => React.ReactNode>, Name extends string>(
  read: () => Promise<Module>,
  name: Name,
) {
  const told = () =>
    read().catch(() => {
      throw networkAway(); // otherwise the library loads the address again, and a dead server leaves a blank page
    });
  unread.push(told);
  return lazyRouteComponent(told, name);
}

/**
 * Fetches every page's code, one after the other while the browser is at rest, after the first page has come. Once per
 * session: after a reload the browser still has the files, and running all of them again would only cost. What fails is
 * fetched again when it is opened. Who asked the browser to save data is spared it.
 */
export function readAheadSoon(): void {
  if (planned || savesData() || sessionStorage.getItem(READ_AHEAD_KEY) === import.meta.url) return;
  planned = true;
  setTimeout(readNext, READ_AHEAD_MILLISECONDS, true);
}

let planned = false;

function readNext(whole: boolean): void {
  const read = unread.shift();
  if (read)
    void rest()
      .then(read)
      .then(
        () => readNext(whole),
        () => readNext(false),
      );
  else if (whole) sessionStorage.setItem(READ_AHEAD_KEY, import.meta.url);
}

/** Safari knows no moment of rest; a short pause serves there. */
const rest = () =>
  new Promise<unknown>((go) => ("requestIdleCallback" in window ? requestIdleCallback(go) : setTimeout(go, 50)));

/** A setting of the browser that only some of them tell. */
const savesData = () => (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;
