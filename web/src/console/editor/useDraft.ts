/** What is being written, and what was taken out of it: each removal can be undone, whatever was typed since. */

import { useEffect, useState } from "react";
import { isInField } from "../parts/Shortcuts";
import type { Draft } from "./draft";

type Removal = { words: string; back: (draft: Draft) => Draft };

const REMOVALS_MAX = 50;

export function useDraft(first: Draft) {
  const [draft, setDraft] = useState(first);
  const [removals, setRemovals] = useState<Removal[]>([]);
  const change = (part: Partial<Draft> | ((before: Draft) => Draft)) =>
    setDraft((before) => (typeof part === "function" ? part(before) : { ...before, ...part }));
  const remove = (words: string, without: (draft: Draft) => Draft, back: Removal["back"]) => {
    change(without);
    setRemovals((before) => [...before.slice(1 - REMOVALS_MAX), { words, back }]);
  };
  const last = removals.at(-1);
  const undo = () => {
    if (!last) return;
    change(last.back);
    setRemovals((before) => before.slice(0, -1));
  };

  useEffect(() => {
    if (!last) return;
    // In a field Ctrl+Z takes back what was typed there, as everywhere.
    const press = (event: KeyboardEvent) => {
      if (event.key !== "z" || !(event.ctrlKey || event.metaKey) || event.shiftKey || isInField(event)) return;
      event.preventDefault();
      undo();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  });

  return { draft, change, remove, undo, removed: last?.words ?? null };
}

type Listed = "lines" | "options" | "milestones" | "files";

/** Returns how an item of one of the draft's lists is taken out, and how it is put back where it was. */
export function takingOut<Name extends Listed>(name: Name, item: Draft[Name][number], index: number) {
  return {
    without: (draft: Draft): Draft => ({ ...draft, [name]: draft[name].filter((each) => each !== item) }),
    back: (draft: Draft): Draft => ({ ...draft, [name]: inserted<unknown>(draft[name], item, index) }),
  };
}

/** Returns the same for a line of an option. */
export function takingOutOf(option: Draft["options"][number], line: Draft["lines"][number], index: number) {
  const changed = (draft: Draft, lines: (before: Draft["lines"]) => Draft["lines"]): Draft => ({
    ...draft,
    options: draft.options.map((each) => (each.key === option.key ? { ...each, lines: lines(each.lines) } : each)),
  });
  return {
    without: (draft: Draft) => changed(draft, (lines) => lines.filter((each) => each.key !== line.key)),
    back: (draft: Draft) => changed(draft, (lines) => inserted(lines, line, index)),
  };
}

function inserted<T>(items: T[], item: T, index: number): T[] {
  return items.toSpliced(Math.min(index, items.length), 0, item);
}
