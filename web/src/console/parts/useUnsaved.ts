/** Asks before a page is left on which something was typed and not saved. */

import { useBlocker } from "@tanstack/react-router";

export function useUnsaved(dirty: boolean): void {
  useBlocker({
    shouldBlockFn: () => dirty && !window.confirm("Leave without saving? What you typed would be lost."),
    enableBeforeUnload: () => dirty,
  });
}
