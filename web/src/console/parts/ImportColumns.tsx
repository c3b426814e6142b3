/** Matches a file's columns with ours, shows the dry run, and starts the import. */

import { Button, Group, Radio, Select, SimpleGrid, Stack, Table } from "@mantine/core";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { checkImport, type Import, type ImportCheck, startImport, type UploadedImport } from "../data/imports";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { ImportProblems } from "./ImportProblems";
import { Block } from "./Page";
import { count } from "./words";

const SHOWN_MAX = 20;

type ImportColumnsProps = { file: UploadedImport; onStarted: (started: Import) => void; onOther: () => void };

export function ImportColumns({ file, onStarted, onOther }: ImportColumnsProps) {
  const [mapping, setMapping] = useState<Record<string, number>>(file.mapping);
  const [duplicates, setDuplicates] = useState<"skip" | "create">("skip");
  const check = useAct(() => checkImport(file.id, mapping), { refresh: [] });
  const start = useAct(() => startImport(file.id, { mapping, duplicates }), {
    refresh: ["imports", "customers", "leads"],
    onDone: onStarted,
  });
  const choices = file.headers.map((header, i) => ({
    value: String(i),
    label: `${header || `Column ${i + 1}`}${example(file, i)}`,
  }));
  const match = (name: string, chosen: string | null) => {
    check.reset();
    const rest = Object.fromEntries(Object.entries(mapping).filter(([other]) => other !== name));
    setMapping(chosen === null ? rest : { ...rest, [name]: Number(chosen) });
  };
  const told = check.data;
  const willAdd = told ? told.good_count + (duplicates === "create" ? told.duplicate_count : 0) : 0;
  return (
    <>
      <Block title={`Match the columns of ${file.file_name}`}>
        <Stack gap="md">
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="sm">
            {file.columns.map((column) => (
              <Select
                key={column.name}
                label={column.label}
                required={column.needed}
                placeholder="Not in the file"
                data={choices}
                clearable={!column.needed}
                searchable
                value={mapping[column.name] === undefined ? null : String(mapping[column.name])}
                error={check.error instanceof Problem ? check.error.field(`mapping.${column.name}`) : undefined}
                onChange={(chosen) => match(column.name, chosen)}
              />
            ))}
          </SimpleGrid>
          {check.error && <Failed problem={check.error} />}
          <Group justify="space-between">
            <Button variant="default" onClick={onOther}>
              Another file
            </Button>
            <Button variant={told ? "default" : "filled"} loading={check.isPending} onClick={() => check.mutate()}>
              Check {count(file.rows_total, "row")}
            </Button>
          </Group>
        </Stack>
      </Block>
      {told && (
        <Block title="What would happen">
          <Stack gap="md">
            <div className="figures">
              <Told name="Can be added" value={told.good_count} />
              <Told name="There already" value={told.duplicate_count} />
              <Told name="Not to be read" value={told.failed_count} />
            </div>
            <ImportProblems problems={told.problems} total={told.failed_count} columns={file.columns} />
            <Duplicates told={told} />
            {told.duplicate_count > 0 && file.kind !== "price_items" && (
              <Radio.Group
                label="Rows that are there already"
                value={duplicates}
                onChange={(value) => setDuplicates(value as "skip" | "create")}
              >
                <Group mt="xs">
                  <Radio value="skip" label="Leave them out" />
                  <Radio value="create" label="Add them all the same" />
                </Group>
              </Radio.Group>
            )}
            {start.error && <Failed problem={start.error} />}
            <Group justify="flex-end">
              <Button disabled={willAdd === 0} loading={start.isPending} onClick={() => start.mutate()}>
                {willAdd === 0 ? "Nothing to import" : `Import ${count(willAdd, "row")}`}
              </Button>
            </Group>
          </Stack>
        </Block>
      )}
    </>
  );
}

function example(file: UploadedImport, column: number): string {
  const cell = file.sample.map((cells) => cells[column]?.trim()).find(Boolean);
  return cell ? ` (${cell.slice(0, 24)})` : "";
}

function Told({ name, value }: { name: string; value: number }) {
  return (
    <div className="figure-card small">
      <span className="quiet">{name}</span>
      <strong>{value.toLocaleString("en-US")}</strong>
    </div>
  );
}

function Duplicates({ told }: { told: ImportCheck }) {
  if (told.duplicate_count === 0) return null;
  return (
    <div>
      <h3>There already</h3>
      <Table.ScrollContainer minWidth={0} type="native">
        <Table aria-label="Rows that are there already">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Row</Table.Th>
              <Table.Th scope="col">Name</Table.Th>
              <Table.Th scope="col">The same as</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {told.duplicates.slice(0, SHOWN_MAX).map((each) => (
              <Table.Tr key={each.row}>
                <Table.Td>{each.row}</Table.Td>
                <Table.Td>{each.name}</Table.Td>
                <Table.Td>
                  {each.record_id === null || each.record_id === undefined ? (
                    `Row ${each.of_row} of this file`
                  ) : each.table === "price_items" ? (
                    `Item ${each.record_id}`
                  ) : (
                    <a href={`/${each.table}/${each.record_id}`} target="_blank" rel="noreferrer">
                      {each.table === "leads" ? "Lead" : "Customer"} {each.record_id}
                    </a>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {told.duplicate_count > SHOWN_MAX && <p className="quiet">And {count(told.duplicate_count - SHOWN_MAX, "other row")}.</p>}
    </div>
  );
}
