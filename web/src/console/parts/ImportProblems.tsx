/** The rows of a file that cannot be taken: which, where in them, and what to do about it. */

import { Table } from "@mantine/core";
import type { Shape } from "../../api/client";
import { count } from "./words";

const SHOWN_MAX = 50;

type ImportProblemsProps = {
  problems: Shape<"RowProblem">[];
  total: number;
  columns?: { name: string; label: string }[];
};

export function ImportProblems({ problems, total, columns }: ImportProblemsProps) {
  if (problems.length === 0) return null;
  const label = (name: string) => columns?.find((column) => column.name === name)?.label ?? name.replaceAll("_", " ");
  const shown = problems.slice(0, SHOWN_MAX);
  const left = total - new Set(shown.map(({ row }) => row)).size;
  return (
    <div>
      <h3>Not to be read</h3>
      <Table.ScrollContainer minWidth={0} type="native">
        <Table aria-label="Rows that cannot be read">
          <Table.Thead>
            <Table.Tr>
              <Table.Th scope="col">Row</Table.Th>
              <Table.Th scope="col">Column</Table.Th>
              <Table.Th scope="col">What to do</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {shown.map((each) => (
              <Table.Tr key={`${each.row}-${each.column}-${each.message}`}>
                <Table.Td>{each.row}</Table.Td>
                <Table.Td>{label(each.column)}</Table.Td>
                <Table.Td>{each.message}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {left > 0 && <p className="quiet">And {count(left, "other row")}.</p>}
    </div>
  );
}
