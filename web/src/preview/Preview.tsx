/** The customer's page of a draft, in a frame beside the editor: it is chosen and reckoned as there, nothing is sent. */

import { useEffect, useMemo, useState } from "react";
import type { Draft } from "../console/editor/draft";
import { type Around, pricePreview, previewOf } from "../console/editor/previewOf";
import { Frame } from "../portal/App";
import { Proposal } from "../portal/Proposal";
import { TEXTS } from "../portal/texts";
import type { ProposalState } from "../portal/useProposal";
import { Words } from "../portal/words";
import type { Language } from "../words/money";
import type { PreviewMessage, ReadyMessage } from "./message";

const ONLY_PREVIEW = {
  en: "This is a preview: nothing is signed or sent.",
  es: "Esto es una vista previa: no se firma ni se envía nada.",
};
const NOTE_MILLISECONDS = 4_000;

export function Preview() {
  const [told, setTold] = useState<{ draft: Draft; around: Around } | null>(null);
  const [picked, setPicked] = useState<Language>();
  const [note, setNote] = useState(false);

  useEffect(() => {
    const hear = ({ origin, source, data }: MessageEvent<PreviewMessage>) => {
      if (origin === window.location.origin && source === window.parent && data.kind === "preview") setTold(data);
    };
    window.addEventListener("message", hear);
    window.parent.postMessage({ kind: "preview-ready" } satisfies ReadyMessage, window.location.origin);
    return () => window.removeEventListener("message", hear);
  }, []);
  useEffect(() => {
    const timer = note ? setTimeout(() => setNote(false), NOTE_MILLISECONDS) : undefined;
    return () => clearTimeout(timer);
  }, [note]);

  const language = picked ?? told?.draft.language ?? "en";
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const words = useMemo(() => ({ t: TEXTS[language], language }), [language]);
  const view = useMemo(() => told && previewOf(told.draft, told.around), [told]);
  const state = useMemo(() => told && stateOf(told.draft, told.around), [told]);
  if (!view || !state) return null;

  const halt = (event: React.SyntheticEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setNote(true);
  };
  return (
    <Words value={words}>
      <div
        onSubmitCapture={halt}
        onClickCapture={(event) => {
          const link = (event.target as Element).closest("a");
          if (link && !link.getAttribute("href")?.startsWith("#")) halt(event);
        }}
      >
        <Frame
          language={language}
          onLanguage={setPicked}
          contractor={view.contractor.name}
          brand={view.contractor.brand_color}
          logo={view.contractor.logo_file_id ? state.fileAddress(0, view.contractor.logo_file_id) : null}
        >
          <Proposal view={view} proposal={state} />
        </Frame>
        <p className="preview-note" role="status">
          {note ? ONLY_PREVIEW[language] : ""}
        </p>
      </div>
    </Words>
  );
}

const nothing = () => undefined;

/** As the page has it before the signature; what would ask the server answers from the draft. */
function stateOf(draft: Draft, around: Around): ProposalState {
  return {
    view: null,
    problem: null,
    stage: "sign",
    arrival: "link",
    late: false,
    show: nothing,
    reload: async () => undefined,
    focus: nothing,
    awaitPayment: nothing,
    settle: nothing,
    readPrice: async (_id, optionId, lineIds) => pricePreview(draft, around, optionId, lineIds),
    fileAddress: (_id, fileId) => `/files/${fileId}/content`,
  };
}
