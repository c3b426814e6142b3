/** Where what is typed stands: stored, on its way, or kept in this browser and why. */

import { Button } from "@mantine/core";
import { formatTime } from "../../words/dates";
import { count } from "../parts/words";
import type { SaveState } from "./useAutosave";

type SaveLineProps = {
  saving: SaveState;
  savedAt: Date | null;
  /** Whether this browser keeps what is not stored yet. */
  kept: boolean;
  onRetry: () => void;
  /** Makes what is written a proposal of its own, when its draft is gone. */
  onBegin: () => void;
};

export function SaveLine({ saving, savedAt, kept, onRetry, onBegin }: SaveLineProps) {
  const tone = TONES[saving.state];
  const here = kept ? "It is kept in this browser." : "This browser cannot keep it: stay on this page until it is saved.";
  return (
    <div className={tone ? `notice ${tone} save-line` : "save-line"} role="status" data-state={saving.state}>
      <span>{sentence(saving, savedAt, here)}</span>
      {saving.state === "offline" && (
        <Button variant="default" size="xs" onClick={onRetry}>
          Save now
        </Button>
      )}
      {saving.state === "closed" && (
        <Button variant="default" size="xs" onClick={onBegin}>
          Save mine as a new proposal
        </Button>
      )}
    </div>
  );
}

const TONES: Partial<Record<SaveState["state"], string>> = {
  offline: "amber",
  refused: "amber",
  closed: "amber",
  unfinished: "neutral",
};

function sentence(saving: SaveState, savedAt: Date | null, here: string): string {
  switch (saving.state) {
    case "untouched":
      return "Saved as you write";
    case "typing":
    case "saving":
      return "Saving…";
    case "saved":
      return savedAt ? `Saved at ${formatTime(savedAt)}` : "Saved";
    case "offline":
      return `Not saved: the server cannot be reached. ${here} We try again by ourselves.`;
    case "unfinished":
      return `Not saved yet: ${count(saving.fields, "field")} to finish. ${here}`;
    case "refused":
      return `Not saved: ${saving.problem.message} ${here}`;
    case "closed":
      return `Not saved: ${saving.problem.message} ${here}`;
    case "meanwhile":
      return `Not saved: somebody else changed this draft. ${here}`;
  }
}
