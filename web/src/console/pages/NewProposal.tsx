/** Writes a new proposal; it is saved as a draft by itself and sent from its own page. */

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, Navigate, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Org, orgQuery } from "../data/org";
import { useMe } from "../data/session";
import { emptyDraft } from "../editor/draft";
import { ProposalEditor } from "../editor/ProposalEditor";
import { Failed } from "../parts/Failed";
import { Page } from "../parts/Page";

export function NewProposal() {
  const { customer, draft } = useSearch({ from: "/office/proposals/new" });
  const { data, error, refetch } = useQuery(orgQuery);
  // Loaded again after it was stored for the first time: it has an address of its own now.
  const [begun] = useState(draft);
  if (begun !== undefined) return <Navigate to="/proposals/$id/edit" params={{ id: String(begun) }} replace />;
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
  return (
    <ProposalEditor
      saved={first}
      stored={null}
      currency={currency}
      onMade={({ id }) => void navigate({ to: "/proposals/new", search: { customer, draft: id }, replace: true })}
      onDone={({ id }) => void navigate({ to: "/proposals/$id", params: { id: String(id) } })}
    />
  );
}
