/** What goes to QuickBooks beside money: estimates of what is offered, and the signed paper on its invoice. */

import { Stack, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { changePolicy, policyQuery } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block } from "./Page";

const SWITCHES = [
  {
    name: "send_estimates",
    label: "Make an estimate of each sent proposal",
    description:
      "Pending when sent, accepted when signed, rejected when it ends without a contract, closed by the contract’s invoice. Open proposals get theirs within a minute of switching this on.",
  },
  {
    name: "attach_contract",
    label: "Attach the signed PDF to the contract’s invoice",
    description: "The paper as the customer signed it. Contracts that have been invoiced already get theirs, too.",
  },
] as const;

export function BooksPapers() {
  const may = useMay()("books:write");
  const policy = useQuery(policyQuery);
  const change = useAct(changePolicy, { refresh: ["books-policy"] });
  if (!policy.data) return null; // the block above shows the same query's bones or its failure
  return (
    <Block title="Estimates and papers">
      {change.error && <Failed problem={change.error} />}
      <Stack gap="sm">
        {SWITCHES.map(({ name, label, description }) => (
          <Switch
            key={name}
            label={label}
            description={description}
            checked={policy.data[name]}
            disabled={!may || change.isPending}
            onChange={(event) => change.mutate({ [name]: event.currentTarget.checked })}
          />
        ))}
      </Stack>
    </Block>
  );
}
