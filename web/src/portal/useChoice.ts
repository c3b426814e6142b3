/** What the reader has chosen: an option, extras, and what that comes to. */

import { useEffect, useMemo, useRef, useState } from "react";
import type { Problem } from "../api/problem";
import { asProblem, type ProposalState } from "./useProposal";
import { extrasOf, firstOption, firstPrice, type PortalView, type Price } from "./view";

export type Choice = {
  optionId: number | null;
  extras: number[];
  price: Price;
  /** What each option comes to with the extras that are ticked. */
  priceOf: (optionId: number | null) => Price;
  /** The price shown is still that of the choice before. */
  pending: boolean;
  problem: Problem | null;
  choose: (optionId: number) => void;
  tick: (lineId: number, on: boolean) => void;
  retry: () => void;
};

export function useChoice(view: PortalView, readPrice: ProposalState["readPrice"]): Choice {
  const [chosen, setChosen] = useState<number | null>(null);
  const [ticks, setTicks] = useState<ReadonlySet<number> | null>(null);
  const [known, setKnown] = useState<ReadonlyMap<string, Price>>(new Map());
  const [problem, setProblem] = useState<Problem | null>(null);
  const [tries, setTries] = useState(0);

  const first = firstOption(view);
  const optionId = view.can_approve ? (chosen ?? first) : first;
  const ticked = useMemo(
    () => (view.can_approve && ticks) || new Set(view.selected_line_ids),
    [view.can_approve, view.selected_line_ids, ticks],
  );
  const keyOf = (option: number | null) => `${view.content_hash}:${option}:${extrasOf(view, option, ticked).join()}`;
  const untouched = (option: number | null) =>
    extrasOf(view, option, ticked).join() === extrasOf(view, option, new Set(view.selected_line_ids)).join();
  const given = (option: number | null) => known.get(keyOf(option)) ?? (untouched(option) ? firstPrice(view, option) : null);

  const now = given(optionId);
  // The figure before stays until the new one is there: nothing jumps to an empty place.
  const before = useRef<Price>(firstPrice(view, first));
  useEffect(() => {
    if (now) before.current = now;
  }, [now]);

  const complete = now !== null && now.schedule.length > 0;
  const wanted = view.can_approve && !complete && (now === null || now.total_minor > 0);
  const key = keyOf(optionId);
  // Another way of reckoning (the preview has one for each change of the draft): what was known is old.
  const [reckoning, setReckoning] = useState(() => readPrice);
  if (reckoning !== readPrice) {
    setReckoning(() => readPrice);
    setKnown(new Map());
  }
  useEffect(() => {
    if (!wanted) return;
    let current = true;
    const options = view.options.length > 0 ? view.options.map((each) => each.id) : [null];
    void (async () => {
      try {
        const asked = options.map(async (option) => {
          const price = await readPrice(view.id, option, extrasOf(view, option, ticked));
          return [`${view.content_hash}:${option}:${extrasOf(view, option, ticked).join()}`, price] as const;
        });
        const answers = await Promise.all(asked);
        if (!current) return;
        setProblem(null);
        setKnown((old) => new Map([...old, ...answers]));
      } catch (error) {
        if (current) setProblem(asProblem(error));
      }
    })();
    return () => {
      current = false;
    };
    // `key` stands for option, ticks and version; the view itself is a new object at every poll.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [key, wanted, tries, readPrice]);

  return {
    optionId,
    extras: extrasOf(view, optionId, ticked),
    price: now ?? before.current,
    priceOf: (option) => given(option) ?? firstPrice(view, option),
    pending: now === null,
    problem: now === null ? problem : null,
    choose: setChosen,
    tick: (lineId, on) => {
      const next = new Set(ticked);
      if (on) next.add(lineId);
      else next.delete(lineId);
      setTicks(next);
    },
    retry: () => setTries((count) => count + 1),
  };
}
