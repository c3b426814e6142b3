/** What the editor tells the frame beside it: the draft as it stands, and what is around it. */

import type { Draft } from "../console/editor/draft";
import type { Around } from "../console/editor/previewOf";

export const PREVIEW_ADDRESS = "/preview.html";

export type PreviewMessage = { kind: "preview"; draft: Draft; around: Around };
/** The frame asks for the draft once it listens. */
export type ReadyMessage = { kind: "preview-ready" };
