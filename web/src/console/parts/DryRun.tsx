/** What paying a part would post, before anything is booked. */

import { Alert, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatMoney } from "../../words/money";
import { paymentsQuery } from "../data/books";
import { previewQuery } from "../data/mapping";
import { useListing } from "../data/pages";
import { Failed } from "./Failed";
import { Journal } from "./Journal";
import { Block, Empty } from "./Page";
import { RecordBones } from "./RecordBones";

export function DryRun() {
  const payments = useListing(paymentsQuery);
  const [chosen, setChosen] = useState<string | null>(null);
  const data = (payments.items ?? []).map((one) => ({
    value: String(one.id),
    label: `${one.proposal_title}: ${one.name}, ${formatMoney(one.amount_minor, one.currency)}`,
  }));
  return (
    <Block title="Dry run">
      <Stack gap="sm">
        <Select
          label="What would be posted for"
          placeholder="Choose a payment"
          data={data}
          value={chosen}
          onChange={setChosen}
          searchable
          maw={560}
        />
        {chosen === null ? (
          <Empty>Choose a payment to see the documents it would make, with their debits and credits. Nothing is sent.</Empty>
        ) : (
          <WouldPost payment={Number(chosen)} />
        )}
      </Stack>
    </Block>
  );
}

export function WouldPost({ payment }: { payment: number }) {
  const found = useQuery(previewQuery(payment));
  if (found.error) return <Failed problem={found.error} onRetry={() => void found.refetch()} />;
  if (!found.data) return <RecordBones />;
  return (
    <>
      {found.data.problems.map((problem) => (
        <Alert key={problem} color="yellow">
          {problem}
        </Alert>
      ))}
      <Journal documents={found.data.documents} currency={found.data.currency} label={`What ${found.data.name} would post`} />
      <Text size="sm" c="dimmed">
        {found.data.customer} As if it were paid now, all parts before it being booked.
      </Text>
    </>
  );
}
