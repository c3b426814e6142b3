/** Imports a CSV file: choose it, match its columns, look at what would happen, do it, and take it back if need be. */

import { Button, FileButton, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import {
  IMPORT_KINDS,
  type Import as ImportRecord,
  type ImportKind,
  importsQuery,
  type UploadedImport,
  uploadImport,
} from "../data/imports";
import { useListing } from "../data/pages";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { ImportColumns } from "../parts/ImportColumns";
import { ImportProgress } from "../parts/ImportProgress";
import { Ago } from "../parts/Money";
import { Block, Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";

const STATE_WORDS = { uploaded: "Not imported yet", running: "Running", done: "Imported", undone: "Undone" };
const COLUMNS: Column<ImportRecord>[] = [
  {
    name: "File",
    cell: (row) => (
      <>
        {row.file_name}
        <small>{IMPORT_KINDS.find(({ value }) => value === row.kind)?.label}</small>
      </>
    ),
  },
  { name: "State", cell: (row) => <span className={row.state === "done" ? "pill green" : "pill neutral"}>{STATE_WORDS[row.state]}</span> },
  { name: "Added", right: true, cell: (row) => row.created_count.toLocaleString("en-US") },
  { name: "There already", right: true, wideOnly: true, cell: (row) => row.skipped_count.toLocaleString("en-US") },
  { name: "Not taken", right: true, wideOnly: true, cell: (row) => row.failed_count.toLocaleString("en-US") },
  { name: "When", wideOnly: true, cell: (row) => <Ago at={row.created_at} /> },
];

export function Import() {
  const { kind, id } = useSearch({ from: "/office/import" });
  const navigate = useNavigate({ from: "/import" });
  const [uploaded, setUploaded] = useState<UploadedImport | null>(null);
  const listing = useListing(importsQuery);
  const upload = useAct((file: File) => uploadImport(kind, file), { refresh: ["imports"], onDone: setUploaded });
  return (
    <Page title="Import">
      {id ? (
        <ImportProgress id={id} />
      ) : uploaded ? (
        <ImportColumns
          key={uploaded.id}
          file={uploaded}
          onStarted={(started) => {
            setUploaded(null);
            void navigate({ search: { kind, id: started.id } });
          }}
          onOther={() => setUploaded(null)}
        />
      ) : (
        <Block title="Choose a file">
          <Stack gap="md" align="start">
            <SegmentedControl
              aria-label="What to import"
              data={IMPORT_KINDS}
              value={kind}
              onChange={(value) => void navigate({ search: { kind: value as ImportKind } })}
            />
            <Text>
              A CSV file from Excel, QuickBooks or another program, with the names of the columns in its first row: at most 20,000
              rows. You see what would happen before anything does.
            </Text>
            {upload.error && <Failed problem={upload.error} />}
            <FileButton accept=".csv,.txt,text/csv" onChange={(file) => file && upload.mutate(file)}>
              {(props) => (
                <Button {...props} loading={upload.isPending}>
                  Choose a CSV file
                </Button>
              )}
            </FileButton>
            <p className="quiet">
              No file at hand? <a href={`/exports/${kind}.csv`}>Export what is here</a> and use its columns.
            </p>
          </Stack>
        </Block>
      )}
      {id && (
        <Group my="md">
          <Button variant="default" onClick={() => void navigate({ search: { kind } })}>
            Import another file
          </Button>
        </Group>
      )}
      <Block title="Imports so far" flush>
        <Rows
          label="Imports"
          listing={listing}
          columns={COLUMNS}
          keyOf={(row) => row.id}
          href={(row) => `/import?kind=${row.kind}&id=${row.id}`}
          empty={<Empty>Each file that you import stands here, with what it added and a way back.</Empty>}
        />
      </Block>
    </Page>
  );
}
