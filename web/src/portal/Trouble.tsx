/** What the page shows when there is no proposal to show: why, and what to do. */

import { NETWORK_AWAY, type Problem } from "../api/problem";
import { useWords } from "./words";
import type { Texts } from "./texts";

type TroubleProps = {
  title?: string;
  lead?: string;
  problem?: Problem;
  onRetry?: () => Promise<void>;
};

export function Trouble({ title, lead, problem, onRetry }: TroubleProps) {
  const { t } = useWords();
  const said = problem ? sentencesOf(problem, t) : { title: title ?? "", lead: lead ?? "", retry: false };
  return (
    <main className="trouble" id="now">
      <h1>{said.title}</h1>
      <p>{said.lead}</p>
      {said.retry && onRetry && (
        <button type="button" className="primary" onClick={() => void onRetry()}>
          {t.tryAgain}
        </button>
      )}
    </main>
  );
}

function sentencesOf(problem: Problem, t: Texts): { title: string; lead: string; retry: boolean } {
  if (problem.kind === NETWORK_AWAY) return { title: t.awayTitle, lead: t.awayLead, retry: true };
  if (problem.kind.includes("revoked")) return { title: t.linkRevokedTitle, lead: t.linkLead, retry: false };
  if (problem.kind.includes("expired")) return { title: t.linkExpiredTitle, lead: t.linkLead, retry: false };
  if (problem.kind.includes("superseded")) return { title: t.supersededTitle, lead: t.linkLead, retry: false };
  if (problem.status === 404) return { title: t.notFoundTitle, lead: t.notFoundLead, retry: false };
  if (problem.status === 401 || problem.status === 403) {
    return { title: t.linkMissingTitle, lead: t.linkMissingLead, retry: false };
  }
  return { title: t.troubleTitle, lead: problem.message, retry: true };
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
