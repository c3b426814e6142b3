/** What a template said before, who saved it and what changed; an older one is brought back, and that taken back. */

import { Button, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { type Org, orgQuery } from "../data/org";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { restoreTemplate, revisionsQuery, type TemplateRevision, templateQuery } from "../data/templates";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago } from "../parts/Money";
import { Block, Page } from "../parts/Page";
import { Undo } from "../parts/Undo";
import { templateChanges } from "./templateChanges";

type Restored = { revision: number; before: number };

export function TemplateHistory() {
  const id = Number(useParams({ from: "/office/proposals/templates/$id/history" }).id);
  const template = useQuery(templateQuery(id));
  const org = useQuery(orgQuery);
  const listing = useListing(revisionsQuery(id));
  const [restored, setRestored] = useState<Restored>();
  const restore = useAct((wanted: Restored) => restoreTemplate(id, wanted.revision), {
    refresh: ["templates"],
    onDone: (_, wanted) => setRestored(wanted),
  });
  const back = useAct((wanted: Restored) => restoreTemplate(id, wanted.before), {
    refresh: ["templates"],
    onDone: () => setRestored(undefined),
  });
  const newest = listing.items?.[0]?.revision ?? 0;
  const problem = template.error ?? org.error ?? listing.problem;
  const act = restore.error ?? back.error;
  return (
    <Page
      title={template.data ? `History of ${template.data.name}` : `History of template ${id}`}
      parent={{ to: `/proposals/templates/${id}`, label: template.data?.name ?? `Template ${id}` }}
    >
      {restored && (
        <Undo
          words={`The template is again as revision ${restored.revision} was.`}
          busy={back.isPending}
          onUndo={() => back.mutate(restored)}
        />
      )}
      {act && <Failed problem={act} />}
      {problem && !(template.data && org.data && listing.items) ? (
        <Failed problem={problem} onRetry={() => void Promise.all([template.refetch(), org.refetch(), listing.retry()])} />
      ) : !listing.items || !org.data ? (
        <Skeleton h={240} aria-busy="true" />
      ) : (
        <Block title="Revisions">
          <p className="quiet change-hint">
            Proposals that were made of the template keep what it said then. The last 100 revisions are kept.
          </p>
          <ol className="versions">
            {listing.items.map((one, i) => (
              <Revision
                key={one.revision}
                one={one}
                before={listing.items?.[i + 1]}
                newest={one.revision === newest}
                org={org.data}
                busy={restore.isPending}
                onRestore={() => restore.mutate({ revision: one.revision, before: newest })}
              />
            ))}
          </ol>
          {listing.items.length === 1 && <p className="quiet change-hint">It was not changed since. Each save adds a revision here.</p>}
          {listing.more && (
            <Button variant="default" size="xs" mt="sm" onClick={listing.more} loading={listing.loadingMore}>
              Show older revisions
            </Button>
          )}
        </Block>
      )}
    </Page>
  );
}

type RevisionProps = {
  one: TemplateRevision;
  before: TemplateRevision | undefined;
  newest: boolean;
  org: Org;
  busy: boolean;
  onRestore: () => void;
};

function Revision({ one, before, newest, org, busy, onRestore }: RevisionProps) {
  const writes = useMay()("proposals:write");
  const changes = before ? templateChanges(before, one, org) : [];
  return (
    <li>
      <div className="version-head">
        <strong aria-current={newest ? "true" : undefined}>Revision {one.revision}</strong>
        {newest && <span className="pill neutral">Now</span>}
        {!newest && writes && (
          <Button
            variant="default"
            size="xs"
            ml="auto"
            disabled={busy}
            aria-label={`Restore revision ${one.revision}`}
            onClick={onRestore}
          >
            Restore
          </Button>
        )}
      </div>
      <Text size="sm" c="dimmed">
        {one.restored_from === null ? "Saved" : `Brought back from revision ${one.restored_from}`}
        {one.saved_by && ` by ${one.saved_by}`} · <Ago at={one.saved_at} />
      </Text>
      {before && (
        <ul className="changes" aria-label={`What changed with revision ${one.revision}`}>
          {changes.length === 0 ? (
            <li>Nothing that a customer would see.</li>
          ) : (
            changes.map((change) => <li key={change}>{change}</li>)
          )}
        </ul>
      )}
    </li>
  );
}
