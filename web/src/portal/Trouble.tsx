/** What the page shows when there is no proposal to show: why, and what to do. */

import { useState } from "react";
import { NETWORK_AWAY, type Problem } from "../api/problem";
import { askNewLink } from "./calls";
import { asProblem } from "./useProposal";
import { sentenceOf } from "./problems";
import { Wrong } from "./Wrong";
import type { Language } from "../words/money";
import { useWords } from "./words";
import type { Texts } from "./texts";

type TroubleProps = {
  title?: string;
  lead?: string;
  problem?: Problem;
  /** The proposal whose link ended. */
  id?: number;
  onRetry?: () => Promise<void>;
};

export function Trouble({ title, lead, problem, id, onRetry }: TroubleProps) {
  const { t, language } = useWords();
  const said: Said = problem ? sentencesOf(problem, t, language) : { title: title ?? "", lead: lead ?? "" };
  return (
    <main className="trouble" id="now">
      <h1>{said.title}</h1>
      <p>{said.lead}</p>
      {said.retry && onRetry && (
        <button type="button" className="primary" onClick={() => void onRetry()}>
          {t.tryAgain}
        </button>
      )}
      {said.ended && id !== undefined && <AskNewLink id={id} />}
    </main>
  );
}

function AskNewLink({ id }: { id: number }) {
  const { t } = useWords();
  const [asked, setAsked] = useState<"no" | "asking" | "yes">("no");
  const [problem, setProblem] = useState<Problem | null>(null);
  const ask = async () => {
    setAsked("asking");
    setProblem(null);
    try {
      await askNewLink(id, window.location);
      setAsked("yes");
    } catch (error) {
      setProblem(asProblem(error));
      setAsked("no");
    }
  };
  return (
    <>
      <p role="status" className={asked === "yes" ? "notice green" : "sr-only"}>
        {asked === "yes" ? t.newLinkAsked : ""}
      </p>
      <Wrong problem={problem} />
      {asked !== "yes" && (
        <button type="button" className="primary" disabled={asked === "asking"} onClick={() => void ask()}>
          {t.askNewLink}
        </button>
      )}
    </>
  );
}

/** `ended`: the link was good once, so its holder may ask for another. */
type Said = { title: string; lead: string; retry?: boolean; ended?: boolean };

function sentencesOf(problem: Problem, t: Texts, language: Language): Said {
  if (problem.kind === NETWORK_AWAY) return { title: t.awayTitle, lead: t.awayLead, retry: true };
  if (problem.kind.includes("revoked")) return { title: t.linkRevokedTitle, lead: t.linkLead, ended: true };
  if (problem.kind.includes("expired")) return { title: t.linkExpiredTitle, lead: t.linkLead, ended: true };
  if (problem.kind.includes("superseded")) return { title: t.supersededTitle, lead: t.newerLead, ended: true };
  if (problem.status === 404) return { title: t.notFoundTitle, lead: t.notFoundLead };
  if (problem.status === 401 || problem.status === 403) return { title: t.linkMissingTitle, lead: t.linkMissingLead };
  return { title: t.troubleTitle, lead: sentenceOf(problem, t, language), retry: true };
}

/** The page's bones, in the places where the words will stand. */
export function Loading() {
  const { t } = useWords();
  return (
    <main className="layout" id="now" aria-busy="true">
      <p className="sr-only" role="status">
        {t.loading}
      </p>
      <div className="heading" aria-hidden="true">
        <span className="bone" style={{ width: "40%" }} />
        <span className="bone tall" style={{ width: "85%" }} />
      </div>
      <div className="now card" aria-hidden="true">
        <span className="bone" style={{ width: "35%" }} />
        <span className="bone huge" style={{ width: "70%" }} />
        <span className="bone" />
        <span className="bone" />
        <span className="bone button" />
      </div>
      <div className="document" aria-hidden="true">
        <div className="card">
          {["70%", "90%", "60%", "80%"].map((width) => (
            <span key={width} className="bone" style={{ width }} />
          ))}
        </div>
      </div>
    </main>
  );
}
