/** Writes a new proposal; it is saved as a draft and sent from its own page. */

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { type Org, orgQuery } from "../data/org";
import { createProposal, type NewProposal as Body } from "../data/proposals";
import { useMe } from "../data/session";
import { emptyDraft } from "../editor/draft";
import { ProposalEditor } from "../editor/ProposalEditor";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Page } from "../parts/Page";

export function NewProposal() {
  const { customer } = useSearch({ from: "/office/proposals/new" });
  const { data, error, refetch } = useQuery(orgQuery);
  return (
    <Page
      title="New proposal"
      parent={{ to: "/proposals", label: "Proposals" }}
      actions={
        <Link to="/proposals/from-template" search={{ customer }}>
          Start from a template
        </Link>
      }
    >
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton h={480} />}
      {data && <Editor org={data} />}
    </Page>
  );
}

function Editor({ org }: { org: Org }) {
  const { customer } = useSearch({ from: "/office/proposals/new" });
  const { currency } = useMe();
  const navigate = useNavigate();
  const [first] = useState(() => emptyDraft(customer ?? null, org));
  // One name per thing that is made: pressing the button twice makes one draft. A refused body was not made.
  const [key, setKey] = useState(idempotencyKey);
  const create = useAct((body: Body) => createProposal(body, key), {
    refresh: ["proposals"],
    onDone: ({ id }) => void navigate({ to: "/proposals/$id", params: { id: String(id) } }),
  });
  return (
    <ProposalEditor
      first={first}
      currency={currency}
      saving={create.isPending}
      problem={create.error}
      saveLabel="Save draft"
      onSave={(body) => create.mutate(body, { onError: () => setKey(idempotencyKey()) })}
    />
  );
}
