/** What this browser kept of an earlier sitting: brought back at once after a reload, otherwise offered. */

import { useState } from "react";
import { useMe } from "../data/session";
import { copiesOf, type Desk, dropCopy, type Found, setAside } from "./copies";
import { contentOf, type Draft, withNewKeys } from "./draft";
import type { Stored } from "./useAutosave";

export type Restored = {
  /** What to begin with: what was typed last in this tab, else what is stored. */
  first: Draft;
  stored: Stored;
  /** When the words that were brought back were typed; null when there were none. */
  at: string | null;
  /** What is offered: from another tab, or a proposal that was begun and left. */
  offered: Found | null;
  take: () => Draft | null;
  refuse: () => void;
};

export function useRestored(saved: Draft, id: number | null, revision: number | null): Restored {
  const me = useMe();
  const [found] = useState(() => {
    const desk: Desk = { orgId: me.org_id, userId: me.id, name: id === null ? "new" : String(id) };
    const stored: Stored = { id, revision, content: contentOf(saved) };
    const copies = copiesOf(desk).filter((copy) => contentOf(copy.draft) !== stored.content);
    const own = id !== null && copies[0]?.own ? copies[0] : null;
    const first = own ? withNewKeys(own.draft) : saved;
    // What was typed upon an older revision is saved upon that one: then it is told who was first.
    if (own) stored.revision = own.revision;
    const left = copies.find((copy) => copy !== own) ?? null;
    return { first, stored, at: own?.at ?? null, left: left?.own ? setAside(left) : left };
  });
  const [offered, setOffered] = useState(found.left);
  const done = () => {
    if (offered) dropCopy(offered.slot);
    setOffered(null);
  };
  return {
    first: found.first,
    stored: found.stored,
    at: found.at,
    offered,
    take: () => {
      done();
      return offered && withNewKeys(offered.draft);
    },
    refuse: done,
  };
}
