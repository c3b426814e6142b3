/** What the rules on deposits say of a proposal, each with its way out and its source. */

import type { Proposal } from "../data/proposals";

export function Findings({ findings }: { findings: Proposal["findings"] }) {
  return findings.map((finding) => (
    <div key={`${finding.state} ${finding.rule}`} className={`notice finding ${finding.mode === "block" ? "red" : "amber"}`}>
      <p>
        <strong>{finding.sentence}</strong> {finding.fix}
      </p>
      <p className="finding-source">
        {finding.source}, as of {finding.as_of}. {finding.not_advice}
      </p>
    </div>
  ));
}
