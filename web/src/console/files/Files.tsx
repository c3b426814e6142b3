/** All files of the company: to find one, see where it is used, download it, and delete what nothing uses. */

import { Group, SegmentedControl } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { FILE_KINDS, type FileFilter, filesQuery, type UsedFile } from "../data/files";
import { useListing } from "../data/pages";
import { Ago } from "../parts/Money";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { FileDialog } from "./FileDialog";
import { KIND_WORDS, sizeWords, usedWords } from "./words";

const COLUMNS: Column<UsedFile>[] = [
  {
    name: "File",
    cell: (file) => (
      <>
        <span className="breakable">{file.name}</span>
        <small>{KIND_WORDS[file.kind]}</small>
      </>
    ),
  },
  {
    name: "Used by",
    cell: (file) => (file.use_count > 0 ? usedWords(file) : <span className="quiet">{usedWords(file)}</span>),
  },
  { name: "Size", right: true, wideOnly: true, cell: (file) => <span className="short">{sizeWords(file.size_bytes)}</span> },
  { name: "Added", wideOnly: true, cell: (file) => <Ago at={file.created_at} /> },
];

const SHOWN = [
  { value: "", label: "All" },
  ...FILE_KINDS.map((kind) => ({ value: kind, label: `${KIND_WORDS[kind]}s` })),
  { value: "unused", label: "Not used" },
];

export function Files() {
  const { kind, q, unused, file } = useSearch({ from: "/office/settings/files" });
  const navigate = useNavigate({ from: "/settings/files" });
  const [deleted, setDeleted] = useState<string | null>(null);
  const listing = useListing(filesQuery({ kind, q, unused }));
  const narrow = (next: FileFilter, replace = false) => void navigate({ search: next, replace });
  const open = (id: number | undefined) => void navigate({ search: { kind, q, unused, file: id } });

  return (
    <Page title="Files">
      <Group mb="sm" gap="sm" justify="space-between">
        <SegmentedControl
          data={SHOWN}
          value={unused ? "unused" : (kind ?? "")}
          aria-label="Which files"
          className="filters"
          onChange={(value) =>
            narrow({ q, kind: FILE_KINDS.find((each) => each === value), unused: value === "unused" ? true : undefined })
          }
        />
        <Search label="Search files" value={q ?? ""} onChange={(text) => narrow({ kind, unused, q: text || undefined }, true)} />
      </Group>
      {deleted && (
        <p className="notice neutral" role="status">
          {deleted} was deleted.
        </p>
      )}
      <div className="block flush">
        <Rows
          label="Files"
          listing={listing}
          columns={COLUMNS}
          keyOf={(row) => row.id}
          href={(row) => addressOf(row.id, { kind, q, unused })}
          empty={
            <Empty action={kind || q || unused ? <Link to="/settings/files">Show all files</Link> : undefined}>
              {kind || q || unused
                ? "No file fits."
                : "Photos and attachments of proposals, logos, and the papers that were made stand here. Add the first one while writing a proposal."}
            </Empty>
          }
        />
      </div>
      {file && (
        <FileDialog
          key={file}
          id={file}
          onClose={() => open(undefined)}
          onDeleted={(name) => {
            setDeleted(name);
            open(undefined);
          }}
        />
      )}
    </Page>
  );
}

function addressOf(id: number, { kind, q, unused }: FileFilter): string {
  const search = new URLSearchParams({ ...(kind && { kind }), ...(q && { q }), ...(unused && { unused: "true" }), file: String(id) });
  return `/settings/files?${search.toString()}`;
}
