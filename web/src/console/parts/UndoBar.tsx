/** Says what was just done, with a way back, for some seconds at the foot of the page; give each its own key. */

import { Button } from "@mantine/core";
import { useEffect } from "react";

const SHOWN_MILLISECONDS = 10_000;

type UndoBarProps = { said: string; onUndo: () => void; onGone: () => void };

export function UndoBar({ said, onUndo, onGone }: UndoBarProps) {
  useEffect(() => {
    const timer = setTimeout(onGone, SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [onGone]);
  return (
    <div className="undo-bar" role="status">
      <span>{said}</span>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => {
          onUndo();
          onGone();
        }}
      >
        Undo
      </Button>
    </div>
  );
}
