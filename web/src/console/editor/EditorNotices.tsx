/** What the editor tells beside the fields: a colleague's change, what was brought back, what was taken out, what is missing. */

import { Button } from "@mantine/core";
import { useState } from "react";
import { formatMoment, formatTime } from "../../words/dates";
import type { Proposal } from "../data/proposals";
import { contentOf, type Draft, draftOf } from "./draft";
import { Meanwhile } from "./Meanwhile";
import { type Around, previewOf } from "./previewOf";
import type { useAutosave } from "./useAutosave";
import type { useDraft } from "./useDraft";
import type { useRestored } from "./useRestored";

type EditorNoticesProps = {
  draft: Draft;
  around: Around | null;
  saved: Draft;
  restored: ReturnType<typeof useRestored>;
  /** A colleague's version that was taken over while nothing was being written. */
  adopted: Proposal | null;
  autosave: ReturnType<typeof useAutosave>;
  /** Swaps whole drafts; the one that goes can be brought back. */
  swap: (next: Draft, words: string) => void;
  remove: ReturnType<typeof useDraft>["remove"];
};

export function EditorNotices({ draft, around, saved, restored, adopted, autosave, swap, remove }: EditorNoticesProps) {
  const [restoredAt, setRestoredAt] = useState(restored.at);
  const { saving } = autosave;
  return (
    <>
      {saving.state === "meanwhile" && around && (
        <Meanwhile
          theirs={saving.theirs}
          mine={previewOf(draft, around)}
          onTake={() => {
            const theirs = draftOf(saving.theirs);
            swap(theirs, "What you had written");
            autosave.settle(saving.theirs, contentOf(theirs));
          }}
          onKeep={() => {
            const theirs = draftOf(saving.theirs);
            remove(`What ${saving.theirs.revised_by ?? "the other"} had written`, (mine) => mine, () => theirs);
            autosave.settle(saving.theirs, contentOf(theirs));
          }}
        />
      )}
      {restoredAt && (
        <div className="notice neutral undo" role="status">
          <span>What you typed on {formatMoment(restoredAt)} had not been saved; it is here again.</span>
          <Button
            variant="default"
            size="xs"
            onClick={() => {
              swap(saved, "What you had typed");
              setRestoredAt(null);
            }}
          >
            Take the saved version
          </Button>
        </div>
      )}
      <Offered restored={restored} swap={swap} />
      {adopted && (
        <p className="notice neutral" role="status">
          {adopted.revised_by ?? "Somebody else"} changed this draft at {formatTime(new Date(adopted.revised_at))}; you see
          it as it is now.
        </p>
      )}
    </>
  );
}

function Offered({ restored, swap }: Pick<EditorNoticesProps, "restored" | "swap">) {
  if (!restored.offered) return null;
  const { draft, at } = restored.offered;
  return (
    <div className="notice neutral undo" role="status">
      <span>
        {draft.title.trim() || "A proposal"} was begun on {formatMoment(at)} and not saved.
      </span>
      <span className="notice-acts">
        <Button
          size="xs"
          onClick={() => {
            const words = restored.take();
            if (words) swap(words, "What was here before");
          }}
        >
          Bring it back
        </Button>
        <Button variant="default" size="xs" onClick={restored.refuse}>
          Throw it away
        </Button>
      </span>
    </div>
  );
}

type SideNoticesProps = {
  /** What was just taken out, in words. */
  removed: string | null;
  undo: () => void;
  unfinished: boolean;
  /** Files that are still on their way. */
  waiting: number;
};

export function SideNotices({ removed, undo, unfinished, waiting }: SideNoticesProps) {
  return (
    <>
      {removed && (
        <div className="notice neutral undo" role="status">
          <span>{removed} was removed.</span>
          <Button key={removed} variant="default" size="xs" onClick={undo} autoFocus title="Ctrl+Z">
            Undo
          </Button>
        </div>
      )}
      {unfinished && (
        <p className="notice amber" role="alert">
          Some fields need a second look; they are marked.
        </p>
      )}
      {waiting > 0 && <p className="notice neutral">Save once all files are here, or leave out those that failed.</p>}
    </>
  );
}
