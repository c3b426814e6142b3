/** What every address needs: words out of its search, and its page's code when it is opened. */

import { lazyRouteComponent } from "@tanstack/react-router";
import { networkAway } from "../api/problem";

const READ_AHEAD_MILLISECONDS = 1_500;

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

/** Fetches every page's code, after the first page has come. What fails is fetched again when it is opened. */
export function readAheadSoon(): void {
  setTimeout(() => void Promise.allSettled(unread.splice(0).map((read) => read())), READ_AHEAD_MILLISECONDS);
}
