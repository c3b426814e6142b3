/** Says what was just taken away, with the button that brings it back. */

import { Button } from "@mantine/core";

type UndoProps = { words: string; onUndo: () => void; busy?: boolean };

export function Undo({ words, onUndo, busy = false }: UndoProps) {
  return (
    <div className="notice neutral undo" role="status">
      <span>{words}</span>
      <Button key={words} variant="default" size="xs" loading={busy} onClick={onUndo} autoFocus>
        Undo
      </Button>
    </div>
  );
}
