/** Templates of proposals: found, written, renamed, used for a customer, deleted with undo. */

import { Button, Group } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { createTemplate, deleteTemplate, type Content, type TemplateRow, templateQuery, templatesQuery } from "../data/templates";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago } from "../parts/Money";
import { useNewKey } from "../parts/newKey";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { Undo } from "../parts/Undo";
import { ProposalPlaces } from "./ProposalPlaces";

type Deleted = { name: string; content: Content };

const COLUMNS: Column<TemplateRow>[] = [
  { name: "Template", cell: (row) => row.name },
  { name: "Changed", wideOnly: true, cell: (row) => <Ago at={row.updated_at} /> },
];

function actsColumn(onDeleted: (deleted: Deleted) => void): Column<TemplateRow> {
  return { name: "", right: true, cell: (row) => <Acts row={row} onDeleted={onDeleted} /> };
}

export function Templates() {
  const { q } = useSearch({ from: "/office/proposals/templates" });
  const navigate = useNavigate({ from: "/proposals/templates" });
  const writes = useMay()("proposals:write");
  const [deleted, setDeleted] = useState<Deleted | null>(null);
  const listing = useListing(templatesQuery(q ?? ""));
  const restore = useAct((one: Deleted) => createTemplate(one.name, one.content), {
    refresh: ["templates"],
    onDone: () => setDeleted(null),
  });
  useNewKey("/proposals/templates/new", writes);

  return (
    <Page
      title="Templates"
      actions={writes && <Button renderRoot={(props) => <Link to="/proposals/templates/new" {...props} />}>New template</Button>}
    >
      <ProposalPlaces />
      <Group mb="sm" justify="flex-end">
        <Search
          label="Search templates"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { q: text || undefined }, replace: true })}
        />
      </Group>
      {deleted && (
        <Undo words={`${deleted.name} was deleted.`} busy={restore.isPending} onUndo={() => restore.mutate(deleted)} />
      )}
      {restore.error && <Failed problem={restore.error} />}
      <div className="block flush">
        <Rows
          label="Templates"
          listing={listing}
          columns={writes ? [...COLUMNS, actsColumn(setDeleted)] : COLUMNS}
          keyOf={(row) => row.id}
          href={(row) => `/proposals/templates/${row.id}`}
          empty={
            <Empty action={q ? <Link to="/proposals/templates">Show all</Link> : undefined}>
              {q
                ? "No template fits this search."
                : "Write what you sell often once, or open a good proposal and keep it as a template."}
            </Empty>
          }
        />
      </div>
    </Page>
  );
}

function Acts({ row, onDeleted }: { row: TemplateRow; onDeleted: (deleted: Deleted) => void }) {
  const queries = useQueryClient();
  const remove = useAct(
    async () => {
      // What it held is read first, so that Undo can write it again.
      const { name, content } = await queries.fetchQuery({ ...templateQuery(row.id), staleTime: 0 });
      await deleteTemplate(row.id);
      return { name, content: content as Content };
    },
    { refresh: ["templates"], onDone: onDeleted },
  );
  return (
    <>
      <Group gap="xs" justify="flex-end" wrap="nowrap">
        <Button
          variant="default"
          size="xs"
          aria-label={`Use ${row.name}`}
          renderRoot={(props) => <Link to="/proposals/from-template" search={{ template: row.id }} {...props} />}
        >
          Use
        </Button>
        <Button
          variant="subtle"
          size="xs"
          aria-label={`Delete ${row.name}`}
          loading={remove.isPending}
          onClick={() => remove.mutate()}
        >
          Delete
        </Button>
      </Group>
      {remove.error && <Failed problem={remove.error} />}
    </>
  );
}
