/** Whether new contracts carry the three-business-day right to cancel; saved as soon as it is switched. */

import { Skeleton, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { changeOrg, orgQuery } from "../data/org";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";

export function RightToCancel() {
  const { data: org, error, refetch } = useQuery(orgQuery);
  const editable = useMay()("org:manage");
  const change = useAct((right_to_cancel: boolean) => changeOrg({ right_to_cancel }), { refresh: ["org"] });
  if (error && !org) return <Failed problem={error} onRetry={() => void refetch()} />;
  if (!org) return <Skeleton h={140} mb="md" aria-busy="true" />;
  return (
    <Block
      title="Right to cancel"
      actions={
        <span role="status">
          {change.isSuccess &&
            (change.data.right_to_cancel ? "Saved. New contracts carry it." : "Saved. New contracts go without it.")}
        </span>
      }
    >
      <Switch
        label="New contracts carry the three-business-day right to cancel"
        description="The statement and the form of 16 CFR 429.1 become part of the contract, in its language; until midnight of the third business day the customer can cancel in the portal and gets everything back. For what is sold at the customer’s home. Each proposal can differ."
        checked={change.isPending ? change.variables : org.right_to_cancel}
        disabled={!editable}
        onChange={(event) => change.mutate(event.currentTarget.checked)}
      />
      {change.error && <Failed problem={change.error} />}
    </Block>
  );
}
