/** Documents that somebody entered by hand on Stripe Clearing, and what each was said to stand for: it can be taken back. */

import { Button } from "@mantine/core";
import { formatDay } from "../../words/dates";
import { useListing } from "../data/pages";
import { type ByHand, byHandQuery, unmatchByHand } from "../data/reconciliation";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Money } from "./Money";
import { Block } from "./Page";
import { type Column, Rows } from "./Rows";

const COLUMNS: Column<ByHand>[] = [
  {
    name: "Document",
    cell: (one) => (
      <>
        <strong>{one.document}</strong>
        <small>{formatDay(one.day)}</small>
      </>
    ),
  },
  { name: "Stands for", cell: (one) => standsFor(one) },
  { name: "Amount", right: true, cell: (one) => <Money minor={one.amount_minor} currency={one.currency} /> },
  { name: "", right: true, cell: (one) => <TakeBack one={one} /> },
];

export function EnteredByHand() {
  const listing = useListing(byHandQuery);
  if (!listing.problem && (listing.items?.length ?? 0) === 0) return null; // most companies never have one
  return (
    <Block title="Entered by hand, and matched" flush>
      <Rows label="Entered by hand" listing={listing} columns={COLUMNS} keyOf={(one) => one.id} empty={null} />
    </Block>
  );
}

function standsFor(one: ByHand): string {
  const count = one.movements === 1 ? "1 movement at Stripe" : `${one.movements.toLocaleString("en-US")} movements at Stripe`;
  return one.everything_before ? `${count}, with all from before the first payment here` : count;
}

function TakeBack({ one }: { one: ByHand }) {
  const may = useMay();
  const undo = useAct(() => unmatchByHand(one.id));
  if (!may("books:write")) return null;
  return (
    <>
      <Button variant="default" size="xs" loading={undo.isPending} onClick={() => undo.mutate()} aria-label={`Take back ${one.document}`}>
        Take back
      </Button>
      {undo.error && <Failed problem={undo.error} />}
    </>
  );
}
