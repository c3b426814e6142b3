/** The versions of a proposal, newest first, each with what it changed. */

import { Button, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useListing } from "../data/pages";
import { type Proposal, proposalQuery, type ProposalSummary, versionsQuery } from "../data/proposals";
import { Failed } from "./Failed";
import { Ago, Money, State } from "./Money";
import { Block } from "./Page";
import { changesBetween } from "./versionChanges";

export function Versions({ proposal }: { proposal: Proposal }) {
  const { items, more } = useListing(versionsQuery(proposal.number));
  if (!items || items.length < 2) return null;
  return (
    <Block title="Versions">
      <ol className="versions">
        {items.map((version, i) => (
          <Version key={version.id} version={version} before={items[i + 1]} here={version.id === proposal.id} />
        ))}
      </ol>
      {more && (
        <Button variant="default" size="xs" onClick={more}>
          Show older versions
        </Button>
      )}
    </Block>
  );
}

type VersionProps = { version: ProposalSummary; before: ProposalSummary | undefined; here: boolean };

function Version({ version, before, here }: VersionProps) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className="version-head">
        {here ? (
          <strong aria-current="page">Version {version.version}</strong>
        ) : (
          <Link to="/proposals/$id" params={{ id: String(version.id) }}>
            Version {version.version}
          </Link>
        )}
        <State kind="proposal" state={version.status} />
        <Money minor={version.total_minor} currency={version.currency} />
      </div>
      <Text size="sm" c="dimmed">
        {version.sent_at ? "Sent " : "Written "}
        <Ago at={version.sent_at ?? version.created_at} />
      </Text>
      {before && (
        <Button variant="subtle" size="compact-sm" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Hide changes" : `What changed from version ${before.version}`}
        </Button>
      )}
      {before && open && <Changes before={before.id} after={version.id} />}
    </li>
  );
}

function Changes({ before, after }: { before: number; after: number }) {
  const old = useQuery({ ...proposalQuery(before), refetchInterval: false });
  const now = useQuery({ ...proposalQuery(after), refetchInterval: false });
  const error = old.error ?? now.error;
  if (error) return <Failed problem={error} onRetry={() => void Promise.all([old.refetch(), now.refetch()])} />;
  if (!old.data || !now.data) return <span className="bone" />;
  const changes = changesBetween(old.data, now.data);
  return (
    <ul className="changes">
      {changes.length === 0 ? <li>Nothing that is offered.</li> : changes.map((change) => <li key={change}>{change}</li>)}
    </ul>
  );
}
