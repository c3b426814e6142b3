/** What was typed and is not saved yet, kept in this browser: a reload, a crash or a lost network costs no word. */

import type { Draft } from "./draft";

export type Copy = {
  draft: Draft;
  /** The revision that was being changed; null for a proposal that the server has not seen. */
  revision: number | null;
  /** When the last key was pressed, ISO 8601. */
  at: string;
};
export type Found = Copy & { slot: string; own: boolean };

/** Who writes what: copies of one person are not shown to the next one at the same desk. */
export type Desk = { orgId: number; userId: number | null; name: string };

const PREFIX = "peakpro-draft-1";
const TAB_KEY = "peakpro-tab";
/** More are not kept; the oldest goes first. */
const COPIES_MAX = 20;

/** Keeps the copy in this tab's own place. Returns whether the browser could. */
export function keepCopy(desk: Desk, copy: Copy): boolean {
  try {
    dropOldest();
    localStorage.setItem(slotOf(desk), JSON.stringify(copy));
    return true;
  } catch {
    return false; // no room, or the browser keeps nothing: the editor then says so
  }
}

export function dropCopy(slot: string): void {
  try {
    localStorage.removeItem(slot);
  } catch {
    return; // a browser that keeps nothing has nothing to drop
  }
}

/** Returns the copies of this proposal, this tab's own first, then the newest. */
export function copiesOf(desk: Desk): Found[] {
  const own = slotOf(desk);
  return slots()
    .filter((slot) => slot.startsWith(`${placeOf(desk)}:`))
    .flatMap((slot) => {
      const [copy] = read(slot);
      return copy ? [{ ...copy, slot, own: slot === own }] : [];
    })
    .toSorted((a, b) => Number(b.own) - Number(a.own) || b.at.localeCompare(a.at));
}

/** Moves a copy out of this tab's own place, where the next proposal that is begun here would overwrite it. */
export function setAside(copy: Found): Found {
  const slot = `${copy.slot}~${copy.at}`;
  try {
    const { draft, revision, at } = copy;
    localStorage.setItem(slot, JSON.stringify({ draft, revision, at } satisfies Copy));
  } catch {
    return copy; // no room for both: it stays where it is until something new is written
  }
  dropCopy(copy.slot);
  return { ...copy, slot, own: false };
}

export function slotOf(desk: Desk): string {
  return `${placeOf(desk)}:${tab()}`;
}

function placeOf({ orgId, userId, name }: Desk): string {
  return `${PREFIX}:${orgId}:${userId ?? "key"}:${name}`;
}

/** Returns this tab's name; it stays through reloads, so that two tabs do not overwrite each other. */
function tab(): string {
  try {
    const known = sessionStorage.getItem(TAB_KEY);
    if (known) return known;
    const made = Math.random().toString(36).slice(2, 10);
    sessionStorage.setItem(TAB_KEY, made);
    return made;
  } catch {
    return "only";
  }
}

function slots(): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(`${PREFIX}:`));
  } catch {
    return [];
  }
}

/** What another version of this page kept and cannot be read is as good as nothing. */
function read(slot: string): Copy[] {
  try {
    const copy = JSON.parse(localStorage.getItem(slot) ?? "null") as Copy | null;
    return copy && Array.isArray(copy.draft.lines) && Array.isArray(copy.draft.options) ? [copy] : [];
  } catch {
    return [];
  }
}

function dropOldest(): void {
  const kept = slots().flatMap((slot) => read(slot).map(({ at }) => ({ slot, at })));
  for (const { slot } of kept.toSorted((a, b) => b.at.localeCompare(a.at)).slice(COPIES_MAX)) dropCopy(slot);
}
