/** Whether Stripe's fees are an expense for each payment or one a day, each way with what it makes. */

import { Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type BooksPolicy, changePolicy, policyQuery } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Journal } from "./Journal";
import { Block } from "./Page";

type Fees = BooksPolicy["fee_documents"];

export function FeeDocuments() {
  const may = useMay()("books:write");
  const policy = useQuery(policyQuery);
  const choose = useAct((fee_documents: Fees) => changePolicy({ fee_documents }), { refresh: ["books-policy"] });
  if (!policy.data) return null; // the block of the deposits shows the same query's bones or its failure
  return (
    <Block title="How Stripe's fees are booked">
      <Text size="sm" c="dimmed" mb="sm">
        Each way is shown for a day with three payments, of $4,725.00, $1,000.00 and $250.00. Fees that are in the books stay as they
        are.
      </Text>
      {choose.error && <Failed problem={choose.error} />}
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="md">
        {policy.data.fee_choices.map((one) => {
          const chosen = one.fee_documents === policy.data.fee_documents;
          return (
            <Stack key={one.fee_documents} component="article" gap="xs" className={chosen ? "policy chosen" : "policy"} aria-label={one.title}>
              <Group gap="xs" justify="space-between" align="flex-start" wrap="nowrap">
                <Title order={3} size="h6">
                  {one.title}
                </Title>
                {chosen && <span className="pill green whole-word">In use</span>}
              </Group>
              <Text size="sm">{one.sentence}</Text>
              <Journal documents={one.example} currency="USD" label={one.title} />
              {may && !chosen && (
                <Button variant="default" mt="auto" disabled={choose.isPending} onClick={() => choose.mutate(one.fee_documents)}>
                  Book fees like this
                </Button>
              )}
            </Stack>
          );
        })}
      </SimpleGrid>
    </Block>
  );
}
