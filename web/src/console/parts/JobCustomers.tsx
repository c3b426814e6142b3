/** Whether each job is a sub-customer of its own in QuickBooks. */

import { Switch, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { changePolicy, policyQuery } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block } from "./Page";
import { RecordBones } from "./RecordBones";

export function JobCustomers() {
  const policy = useQuery(policyQuery);
  const may = useMay()("books:write");
  const change = useAct((job_customers: boolean) => changePolicy({ job_customers }), { refresh: ["books-policy"] });
  if (policy.error) return <Failed problem={policy.error} onRetry={() => void policy.refetch()} />;
  if (!policy.data) return <RecordBones />;
  return (
    <Block title="Jobs">
      {change.error && <Failed problem={change.error} />}
      <Switch
        label="Each job is a sub-customer in QuickBooks"
        description="Invoices, payments and refunds of a job then stand under “Customer:Job”, billed with the customer, so that QuickBooks can report by job."
        checked={change.isPending ? change.variables : policy.data.job_customers}
        disabled={!may || change.isPending}
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
      <Text size="sm" c="dimmed" mt="sm">
        Contracts of which something is in the books already stay where they are.
      </Text>
    </Block>
  );
}
