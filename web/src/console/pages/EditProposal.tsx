/** Changes a draft. What a customer has seen is replaced by a new version instead. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type Proposal, proposalQuery } from "../data/proposals";
import { useMe } from "../data/session";
import { copiesOf } from "../editor/copies";
import { draftOf } from "../editor/draft";
import { ProposalEditor } from "../editor/ProposalEditor";
import { Failed } from "../parts/Failed";
import { Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

export function EditProposal() {
  const { id } = useParams({ from: "/office/proposals/$id/edit" });
  const { data, error, refetch } = useQuery({ ...proposalQuery(Number(id)), refetchInterval: false });
  return (
    <Page title={`Edit proposal ${id}`} parent={{ to: `/proposals/${id}`, label: `Proposal ${id}` }}>
      {!data && (error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />)}
      {data && <Editor key={id} proposal={data} />}
    </Page>
  );
}

function Editor({ proposal }: { proposal: Proposal }) {
  const navigate = useNavigate();
  const me = useMe();
  const id = String(proposal.id);
  const [first] = useState(() => ({
    proposal,
    draft: draftOf(proposal),
    // What was typed before somebody sent it is not lost: it can become a proposal of its own.
    open: proposal.status === "draft" || copiesOf({ orgId: me.org_id, userId: me.id, name: id }).length > 0,
  }));
  if (!first.open) {
    return (
      <p className="notice neutral">
        The customer has this proposal, so it cannot be changed any more.{" "}
        <Link to="/proposals/$id" params={{ id }}>
          Open it to replace it with a new version
        </Link>
      </p>
    );
  }
  return (
    <ProposalEditor
      saved={first.draft}
      stored={first.proposal}
      currency={proposal.currency}
      onDone={(done) => void navigate({ to: "/proposals/$id", params: { id: String(done.id) } })}
    />
  );
}
