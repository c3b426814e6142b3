/** The customer's page beside the editor, in a frame of its own: their type, their colours, their width. */

import { useCallback, useDeferredValue, useEffect, useRef } from "react";
import { PREVIEW_ADDRESS, type PreviewMessage, type ReadyMessage } from "../../preview/message";
import { type Draft, savable } from "./draft";
import type { Around } from "./previewOf";

export function PreviewFrame({ draft, around }: { draft: Draft; around: Around }) {
  const frame = useRef<HTMLIFrameElement>(null);
  // Typing comes first; the preview follows when there is time.
  const shown = useDeferredValue(draft);
  const tell = useCallback(() => {
    const message: PreviewMessage = { kind: "preview", draft: savable(shown), around };
    frame.current?.contentWindow?.postMessage(message, window.location.origin);
  }, [shown, around]);
  useEffect(() => {
    const hear = ({ origin, source, data }: MessageEvent<ReadyMessage>) => {
      const ours = origin === window.location.origin && source === frame.current?.contentWindow;
      if (ours && data.kind === "preview-ready") tell();
    };
    window.addEventListener("message", hear);
    tell();
    return () => window.removeEventListener("message", hear);
  }, [tell]);
  return (
    <section className="preview" aria-label="What the customer will see">
      {/* oxlint-disable-next-line react/iframe-missing-sandbox -- it is our own page; a sandbox that lets its script and session be is none */}
      <iframe ref={frame} className="preview-frame" title="What the customer will see" src={PREVIEW_ADDRESS} />
    </section>
  );
}
