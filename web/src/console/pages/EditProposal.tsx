/** Changes a draft. What a customer has seen is replaced by a new version instead. */

import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { changeProposal, type NewProposal, type Proposal, proposalQuery } from "../data/proposals";
import { draftOf } from "../editor/draft";
import { ProposalEditor } from "../editor/ProposalEditor";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Page } from "../parts/Page";

export function EditProposal() {
  const { id } = useParams({ from: "/office/proposals/$id/edit" });
  const { data, error, refetch } = useQuery({ ...proposalQuery(Number(id)), refetchInterval: false });
  return (
    <Page title={`Edit proposal ${id}`} parent={{ to: `/proposals/${id}`, label: `Proposal ${id}` }}>
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {data && <Editor proposal={data} />}
    </Page>
  );
}

function Editor({ proposal }: { proposal: Proposal }) {
  const navigate = useNavigate();
  const [first] = useState(() => draftOf(proposal));
  const save = useAct((body: NewProposal) => changeProposal(proposal.id, body), {
    refresh: ["proposals"],
    onDone: () => void navigate({ to: "/proposals/$id", params: { id: String(proposal.id) } }),
  });
  return (
    <ProposalEditor
      first={first}
      currency={proposal.currency}
      saving={save.isPending}
      problem={save.error}
      saveLabel="Save draft"
      onSave={(body) => save.mutate(body)}
    />
  );
}
