/** What the policy in use needs in the company and does not find there, with the button that makes or reads it. */

import { Button } from "@mantine/core";
import { type BooksPolicy, makeMissing, refreshLists } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";

const REFRESH = { refresh: ["books-policy", "books-mapping", "books-preview"] };

export function PolicyNeeds({ needs }: { needs: BooksPolicy["needs"] }) {
  const may = useMay()("books:write");
  const make = useAct(() => makeMissing(), REFRESH);
  const read = useAct(() => refreshLists(), REFRESH);
  if (needs.length === 0) return null;
  const [act, name] = needs.some((one) => one.can_make) ? [make, "Make them now"] as const : [read, "Read the lists now"] as const;
  return (
    <div className="notice amber policy-needs" role="status">
      <div>
        {needs.map((one) => (
          <p key={one.sentence}>{one.sentence}</p>
        ))}
        {needs.some((one) => one.can_make) && <p>What is not there yet is made with the first document that needs it, or now.</p>}
      </div>
      {may && needs.some((one) => one.slot !== "deposit_tax_code") && (
        <Button size="xs" variant="default" loading={act.isPending} onClick={() => act.mutate()}>
          {name}
        </Button>
      )}
      {(make.error ?? read.error) && <Failed problem={(make.error ?? read.error) as Error} />}
    </div>
  );
}
