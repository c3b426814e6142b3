/** One template, to read, change and use; and the page on which a new one is written. */

import { Button, Skeleton } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { fileQuery } from "../data/files";
import { type Org, orgQuery } from "../data/org";
import { useMay } from "../data/session";
import { changeTemplate, type Content, createTemplate, type Template, templateQuery } from "../data/templates";
import { emptyDraft } from "../editor/draft";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Empty, Page } from "../parts/Page";
import { draftOfTemplate } from "./templateDraft";
import { TemplateEditor } from "./TemplateEditor";

const PARENT = { to: "/proposals/templates", label: "Templates" };

export function NewTemplate() {
  const org = useQuery(orgQuery);
  return (
    <Page title="New template" parent={PARENT}>
      {org.error && !org.data && <Failed problem={org.error} onRetry={() => void org.refetch()} />}
      {!org.error && !org.data && <Skeleton h={480} aria-busy="true" />}
      {org.data && <Writing org={org.data} />}
    </Page>
  );
}

function Writing({ org }: { org: Org }) {
  const navigate = useNavigate();
  const [first] = useState(() => ({ ...emptyDraft(null, org), validUntil: "" }));
  // One name per thing that is made: pressing the button twice makes one. A refused body was not made.
  const [key, setKey] = useState(idempotencyKey);
  const create = useAct((given: { name: string; content: Content }) => createTemplate(given.name, given.content, key), {
    refresh: ["templates"],
    onDone: () => void navigate({ to: "/proposals/templates" }),
  });
  return (
    <TemplateEditor
      name=""
      first={first}
      org={org}
      saving={create.isPending}
      problem={create.error}
      onSave={(name, content) => create.mutate({ name, content }, { onError: () => setKey(idempotencyKey()) })}
    />
  );
}

export function TemplatePage() {
  const id = Number(useParams({ from: "/office/proposals/templates/$id" }).id);
  const writes = useMay()("proposals:write");
  const template = useQuery(templateQuery(id));
  const org = useQuery(orgQuery);
  const content = template.data?.content as Content | undefined;
  const files = useQueries({ queries: (content?.files ?? []).map(({ file_id }) => fileQuery(file_id)) });
  const error = template.error ?? org.error;
  // A file that is gone is no reason not to open the template: saving it mends it.
  const waiting = files.some(({ isPending }) => isPending);
  return (
    <Page
      title={template.data?.name ?? `Template ${id}`}
      parent={PARENT}
      actions={
        template.data && (
          <>
            <Button
              variant="subtle"
              renderRoot={(props) => <Link to="/proposals/templates/$id/history" params={{ id: String(id) }} {...props} />}
            >
              History
            </Button>
            {writes && (
              <Button
                variant="default"
                renderRoot={(props) => <Link to="/proposals/from-template" search={{ template: id }} {...props} />}
              >
                Use it for a proposal
              </Button>
            )}
          </>
        )
      }
    >
      {error && !(template.data && org.data) && (
        <Failed problem={error} onRetry={() => void Promise.all([template.refetch(), org.refetch()])} />
      )}
      {!error && (!template.data || !org.data || waiting) && <Skeleton h={480} aria-busy="true" />}
      {!writes && template.data && (
        <div className="block">
          <Empty>You may read proposals and not write them, so there is nothing to do with a template here.</Empty>
        </div>
      )}
      {writes && template.data && org.data && !waiting && (
        <Changing
          template={template.data}
          org={org.data}
          files={files.flatMap(({ data }) => (data ? [data] : []))}
        />
      )}
    </Page>
  );
}

type ChangingProps = { template: Template; org: Org; files: Parameters<typeof draftOfTemplate>[2] };

function Changing({ template, org, files }: ChangingProps) {
  const navigate = useNavigate();
  const before = template.content as Content;
  const [first] = useState(() => draftOfTemplate(before, before.currency ?? org.currency, files, org));
  const gone = (before.files?.length ?? 0) - files.length;
  const save = useAct((given: { name: string; content: Content }) => changeTemplate(template.id, given), {
    refresh: ["templates"],
    onDone: () => void navigate({ to: "/proposals/templates" }),
  });
  return (
    <>
      {gone > 0 && (
        <p className="notice amber">
          {gone === 1 ? "A file of this template is" : `${gone} files of this template are`} gone. Saving it leaves them
          out.
        </p>
      )}
      <TemplateEditor
        name={template.name}
        first={first}
        before={before}
        org={org}
        saving={save.isPending}
        problem={save.error}
        onSave={(name, content) => save.mutate({ name, content })}
      />
    </>
  );
}
