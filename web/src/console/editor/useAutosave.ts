/** Saves a draft while it is written: a moment after the last key, again until it works, never over somebody else's change. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { createProposal, type NewProposal, type Proposal, proposalQuery, saveDraft } from "../data/proposals";
import { useMe } from "../data/session";
import { useAct } from "../parts/act";
import { type Desk, dropCopy, keepCopy, slotOf } from "./copies";
import { bodyOf, contentOf, type Draft, draftOf, savable } from "./draft";

const PAUSE_MILLISECONDS = 1_200;
const KEEP_MILLISECONDS = 250;
const RETRY_MILLISECONDS = [3_000, 10_000, 30_000];

export type SaveState =
  | { state: "untouched" | "typing" | "saving" | "saved" | "offline" }
  /** Nothing can be stored while these fields cannot be read. */
  | { state: "unfinished"; fields: number }
  /** The server says no to what is written. */
  | { state: "refused"; problem: Problem }
  /** Sent, replaced or discarded meanwhile: there is no draft to save into any more. */
  | { state: "closed"; problem: Problem }
  | { state: "meanwhile"; theirs: Proposal };

/** What the server has: which draft, which revision of it, and what was written when it was stored. */
export type Stored = { id: number | null; revision: number | null; content: string };

type Options = {
  draft: Draft;
  currency: string;
  first: Stored;
  /** Somebody else changed it while nothing was unsaved here: show theirs. */
  adopt: (theirs: Proposal) => void;
  onMade: (proposal: Proposal) => void;
};

export function useAutosave({ draft, currency, first, adopt, onMade }: Options) {
  const queries = useQueryClient();
  const me = useMe();
  const [stored, setStored] = useState(first);
  // The same at once, for what goes on before the next drawing.
  const storedNow = useRef(first);
  const store = useCallback((next: Stored) => {
    storedNow.current = next;
    setStored(next);
  }, []);
  const [outcome, setOutcome] = useState<SaveState | null>(null);
  const [savedAt, setSavedAt] = useState<Date | null>(null);
  const [kept, setKept] = useState(true);
  const [tries, setTries] = useState(0);
  const flying = useRef<Promise<Proposal | null> | null>(null);
  const touched = useRef(false);
  // What the server said no to is not sent again until something in it changes.
  const refused = useRef<string | null>(null);
  // A creation without an answer may have happened: the same body goes out again under the same name.
  const creating = useRef<{ body: NewProposal; key: string; content: string } | null>(null);
  // The same for a change: the next one may then meet a revision that is our own.
  const unanswered = useRef<string | null>(null);
  const make = useAct(({ body, key }: { body: NewProposal; key: string }) => createProposal(body, key), { refresh: [] });
  const change = useAct((what: { id: number; revision: number; body: NewProposal }) => saveDraft(what), { refresh: [] });

  const content = contentOf(draft);
  const dirty = content !== stored.content;
  const { body, errors } = bodyOf(savable(draft), currency);
  const stopped = outcome?.state === "meanwhile" || outcome?.state === "closed";
  const desk: Desk = { orgId: me.org_id, userId: me.id, name: stored.id === null ? "new" : String(stored.id) };

  // Kept in this browser first, before any network is asked.
  const copying = useRef<() => void>(() => undefined);
  copying.current = () => {
    touched.current ||= dirty;
    if (dirty) setKept(keepCopy(desk, { draft, revision: stored.revision, at: new Date().toISOString() }));
    else if (touched.current) dropCopy(slotOf(desk));
  };
  useEffect(() => {
    const timer = setTimeout(() => copying.current(), KEEP_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [content, stored]);
  useEffect(() => {
    const leave = () => copying.current();
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      leave();
    };
  }, []);

  const took = useCallback(
    (answer: Proposal, sent: string) => {
      unanswered.current = null;
      queries.setQueryData(proposalQuery(answer.id).queryKey, answer);
      void queries.invalidateQueries({ queryKey: ["proposals"], refetchType: "none" });
      store({ id: answer.id, revision: answer.revision, content: sent });
      setSavedAt(new Date());
      setOutcome(null);
      setTries(0);
    },
    [queries, store],
  );

  const failed = useCallback(
    async (error: unknown, id: number | null, sent: string | null) => {
      const problem = error instanceof Problem ? error : null;
      if (!problem) throw error;
      if (problem.status === 412 && id !== null) {
        const theirs = await queries.fetchQuery({ ...proposalQuery(id), staleTime: 0 });
        const ours = theirs.revised_by === me.name && unanswered.current === bodyText(draftOf(theirs), currency);
        if (ours) took(theirs, sent ?? "");
        else setOutcome({ state: "meanwhile", theirs });
      } else if (problem.status === 409 || problem.status === 404) {
        creating.current = null;
        setOutcome({ state: "closed", problem });
      } else if (problem.status === 0 || problem.status === 401 || problem.status === 429 || problem.status >= 500) {
        setOutcome({ state: "offline" });
        setTries((count) => count + 1);
      } else {
        creating.current = null;
        refused.current = sent;
        setOutcome({ state: "refused", problem });
      }
    },
    [queries, currency, took, me.name],
  );

  const send = async (what: NewProposal): Promise<Proposal | null> => {
    const { id, revision } = storedNow.current;
    try {
      if (id === null) {
        creating.current ??= { body: what, key: idempotencyKey(), content };
        const { body: sent, key, content: at } = creating.current;
        const made = await make.mutateAsync({ body: sent, key });
        creating.current = null;
        dropCopy(slotOf(desk));
        took(made, at);
        onMade(made);
        return made;
      }
      unanswered.current = JSON.stringify(what);
      const answer = await change.mutateAsync({ id, revision: revision ?? 0, body: what });
      took(answer, content);
      return answer;
    } catch (error) {
      await failed(error, id, content);
      return null;
    }
  };

  /** Stores what is written now; returns the stored proposal, or null with the reason in `saving`. */
  const save = async (): Promise<Proposal | null> => {
    if (!body || flying.current) return flying.current;
    setOutcome({ state: "saving" });
    flying.current = send(body).finally(() => (flying.current = null));
    return flying.current;
  };

  const saveNow = useRef(save);
  saveNow.current = save;
  useEffect(() => {
    if (!dirty || !body || stopped || flying.current || refused.current === content) return;
    // After a failure it is tried again by and by; what is typed meanwhile does not make it hurry.
    const pause = tries > 0 ? RETRY_MILLISECONDS[Math.min(tries, RETRY_MILLISECONDS.length) - 1] : PAUSE_MILLISECONDS;
    const timer = setTimeout(() => void saveNow.current(), pause);
    const online = () => void saveNow.current();
    window.addEventListener("online", online);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("online", online);
    };
    // `body` follows from `content`; it is a new object at every key.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
  }, [content, dirty, body === undefined, stopped, tries, stored, outcome]);

  // News of others.
  const latest = useQuery({ ...proposalQuery(stored.id ?? 0), enabled: stored.id !== null }).data;
  useEffect(() => {
    if (!latest || latest.id !== stored.id || stored.revision === null || flying.current || stopped) return;
    if (latest.revision <= stored.revision) return;
    if (!dirty) {
      store({ id: latest.id, revision: latest.revision, content: contentOf(draftOf(latest)) });
      adopt(latest);
    } else if (unanswered.current === null) {
      // oxlint-disable-next-line react/set-state-in-effect -- it is news from outside that the effect brings in
      setOutcome({ state: "meanwhile", theirs: latest });
    }
  }, [latest, stored, dirty, stopped, adopt, store]);

  /** Their revision is what the next change is made upon: `content` is what now counts as stored. */
  const settle = (theirs: Proposal, now: string) => {
    unanswered.current = null;
    store({ id: theirs.id, revision: theirs.revision, content: now });
    setOutcome(null);
  };
  /** What is written becomes a proposal of its own. */
  const begin = () => {
    store({ id: null, revision: null, content: "" });
    setOutcome(null);
  };

  /** Stores all that is written, waiting for what is on its way; null when it could not be. */
  const finish = async (): Promise<Proposal | null> => {
    await flying.current;
    const { id, content: there } = storedNow.current;
    if (id === null || content !== there) return saveNow.current();
    return queries.fetchQuery({ ...proposalQuery(id), staleTime: 0 });
  };

  const saving: SaveState =
    outcome?.state === "saving" || stopped
      ? (outcome as SaveState)
      : !dirty
        ? { state: savedAt ? "saved" : "untouched" }
        : !body
          ? { state: "unfinished", fields: Object.keys(errors).length }
          : (outcome ?? { state: "typing" });
  return { saving, savedAt, kept, dirty, id: stored.id, revision: stored.revision, save, finish, settle, begin };
}

function bodyText(draft: Draft, currency: string): string {
  return JSON.stringify(bodyOf(savable(draft), currency).body);
}
