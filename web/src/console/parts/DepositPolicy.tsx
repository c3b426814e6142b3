/** The three ways to book deposits, each with the journal that it makes; choosing one counts for contracts to come. */

import { Button, Group, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { changePolicy, type PolicyChoice, type PolicyName, policyQuery } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Journal } from "./Journal";
import { Block } from "./Page";
import { PolicyNeeds } from "./PolicyNeeds";
import { RecordBones } from "./RecordBones";

export function DepositPolicy() {
  const policy = useQuery(policyQuery);
  const choose = useAct((one: PolicyName) => changePolicy({ policy: one }), { refresh: ["books-policy", "books-mapping", "books-preview"] });
  if (policy.error) return <Failed problem={policy.error} onRetry={() => void policy.refetch()} />;
  if (!policy.data) return <RecordBones />;
  return (
    <Block title="How deposits are booked">
      <Text size="sm" c="dimmed" mb="sm">
        Each way is shown for a job over $10,000.00 with 8 % sales tax and a deposit of 30 %. Contracts of which something is in
        the books already keep the way they began with.
      </Text>
      {choose.error && <Failed problem={choose.error} />}
      <PolicyNeeds needs={policy.data.needs} />
      <SimpleGrid cols={{ base: 1, lg: 3 }} spacing="md">
        {policy.data.choices.map((one) => (
          <Choice
            key={one.policy}
            choice={one}
            chosen={one.policy === policy.data.policy}
            busy={choose.isPending}
            onChoose={() => choose.mutate(one.policy)}
          />
        ))}
      </SimpleGrid>
    </Block>
  );
}

function Choice(props: { choice: PolicyChoice; chosen: boolean; busy: boolean; onChoose: () => void }) {
  const may = useMay()("books:write");
  const { choice, chosen } = props;
  return (
    <Stack component="article" gap="xs" className={chosen ? "policy chosen" : "policy"} aria-label={choice.title}>
      <Group gap="xs" justify="space-between" align="flex-start" wrap="nowrap">
        <Title order={3} size="h6">
          {choice.title}
        </Title>
        {chosen ? (
          <span className="pill green whole-word">In use</span>
        ) : (
          choice.recommended && (
            <span className="pill blue whole-word">Recommended</span>
          )
        )}
      </Group>
      <Text size="sm">{choice.sentence}</Text>
      {choice.example.map((step) => (
        <div key={step.said}>
          <Text size="sm" fw={600} mt={4}>
            {step.said}
          </Text>
          <Journal documents={step.documents} currency={choice.currency} label={`${choice.title}: ${step.said}`} />
        </div>
      ))}
      {may && !chosen && (
        <Button variant="default" mt="auto" disabled={props.busy} onClick={props.onChoose}>
          Book new contracts like this
        </Button>
      )}
    </Stack>
  );
}
