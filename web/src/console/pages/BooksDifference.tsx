/** One difference: what is here, what is there, field by field, and the ways out. */

import { Group, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { type BooksDifference as Difference, booksDifferenceQuery } from "../data/differences";
import { Failed } from "../parts/Failed";
import { Block, Facts } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { WaysOut } from "../parts/WaysOut";
import { differenceWord } from "../parts/words";

export function BooksDifference() {
  const id = Number(useParams({ from: "/office/books/differences/$id" }).id);
  const { data, error, refetch } = useQuery(booksDifferenceQuery(id));
  return (
    <>
      <p>
        <Link to="/books/differences" className="quiet-link">
          ← Differences
        </Link>
      </p>
      {data ? <One difference={data} /> : error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
    </>
  );
}

function One({ difference }: { difference: Difference }) {
  return (
    <Block title={differenceWord(difference.kind)}>
      <p className="call-sentence">{difference.sentence}</p>
      {difference.problem && difference.resolved_at === null && (
        <div className="notice red" role="alert">
          Restoring was refused: {difference.problem}
        </div>
      )}
      {difference.fields.length > 0 && <SideBySide difference={difference} />}
      <Group mt="md" mb="md" gap="xs">
        <WaysOut difference={difference} />
      </Group>
      <Facts facts={facts(difference)} />
    </Block>
  );
}

function SideBySide({ difference }: { difference: Difference }) {
  return (
    <Table className="side-by-side" aria-label="Ours and theirs, field by field">
      <Table.Thead>
        <Table.Tr>
          <Table.Th scope="col">What</Table.Th>
          <Table.Th scope="col">Ours</Table.Th>
          <Table.Th scope="col">In QuickBooks</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {difference.fields.map((field) => (
          <Table.Tr key={field.field}>
            <Table.Th scope="row">{field.label}</Table.Th>
            <Table.Td className="lines">{field.ours}</Table.Td>
            <Table.Td className="lines theirs">{field.theirs}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

function facts(difference: Difference): [string, React.ReactNode][] {
  const rows: [string, React.ReactNode][] = [["Found", formatMoment(difference.created_at)]];
  if (difference.entity) rows.push(["In QuickBooks", `${difference.entity} ${difference.qbo_id ?? ""}`]);
  if (difference.proposal_id !== null)
    rows.push([
      "Proposal",
      <Link key="proposal" to="/proposals/$id" params={{ id: String(difference.proposal_id) }}>
        Proposal {difference.proposal_id}
      </Link>,
    ]);
  if (difference.payment_id !== null)
    rows.push([
      "Payment",
      <Link key="payment" to="/payments/$id" params={{ id: String(difference.payment_id) }}>
        Payment {difference.payment_id}
      </Link>,
    ]);
  if (difference.resolved_at) rows.push(["Settled", formatMoment(difference.resolved_at)]);
  if (difference.note) rows.push(["What was done", difference.note]);
  return rows;
}
