/** The list of differences: each opens by itself, several are accepted at once, and that is taken back at once, too. */

import { Button, Checkbox, Group } from "@mantine/core";
import { useState } from "react";
import { type BooksDifference, booksDifferencesQuery, type DifferenceFilter, settleDifferences, undoDifference } from "../data/differences";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";
import { Undo } from "./Undo";
import { WaysOut } from "./WaysOut";
import { useAct } from "./act";
import { count, differenceWord } from "./words";

const WHAT: Column<BooksDifference> = {
  name: "What differs",
  cell: (difference) => (
    <>
      <strong>{differenceWord(difference.kind)}</strong>
      <div className="long">{difference.sentence}</div>
    </>
  ),
};
const FOUND: Column<BooksDifference> = {
  name: "Found",
  wideOnly: true,
  cell: (difference) => <Ago at={difference.created_at} />,
};
const WAYS: Column<BooksDifference> = {
  name: "Ways out",
  right: true,
  cell: (difference) => (
    <Group gap="xs" justify="flex-end">
      <WaysOut difference={difference} short />
    </Group>
  ),
};

/** The column of ticks, for what may be accepted with others. */
const picking = (chosen: number[], choose: (id: number, on: boolean) => void): Column<BooksDifference> => ({
  name: "Choose",
  choice: true,
  cell: (difference) => <Pick difference={difference} chosen={chosen.includes(difference.id)} onChoose={choose} />,
});

function Pick({
  difference,
  chosen,
  onChoose,
}: {
  difference: BooksDifference;
  chosen: boolean;
  onChoose: (id: number, on: boolean) => void;
}) {
  if (!difference.ways_out.includes("accept")) return null;
  return (
    <Checkbox
      aria-label={`Choose: ${difference.sentence}`}
      checked={chosen}
      onChange={(event) => onChoose(difference.id, event.currentTarget.checked)}
    />
  );
}

export function Differences({ filter }: { filter: DifferenceFilter }) {
  const listing = useListing(booksDifferencesQuery(filter));
  const may = useMay();
  const [chosen, setChosen] = useState<number[]>([]);
  const [accepted, setAccepted] = useState<number[]>([]);
  const accept = useAct((ids: number[]) => settleDifferences(ids, "accept"), {
    onDone: (done) => {
      setChosen([]);
      setAccepted(done.settled);
    },
  });
  const back = useAct((ids: number[]) => Promise.all(ids.map(undoDifference)), { onDone: () => setAccepted([]) });
  const acceptable = (listing.items ?? []).filter(({ ways_out }) => ways_out.includes("accept"));
  const still = chosen.filter((id) => acceptable.some((difference) => difference.id === id));
  const choose = (id: number, on: boolean) =>
    setChosen((before) => (on ? [...before, id] : before.filter((other) => other !== id)));
  const bulk = may("books:write") && acceptable.length > 1;
  return (
    <>
      {bulk && (
        <Group className="bulk" gap="xs" aria-label="Several at once" role="group">
          <Button
            variant="default"
            size="xs"
            onClick={() => setChosen(still.length === acceptable.length ? [] : acceptable.map(({ id }) => id))}
          >
            {still.length === acceptable.length ? "Choose none" : "Choose all"}
          </Button>
          <Button size="xs" disabled={still.length === 0} loading={accept.isPending} onClick={() => accept.mutate(still)}>
            Accept theirs{still.length > 0 && ` for ${count(still.length, "difference")}`}
          </Button>
        </Group>
      )}
      {accepted.length > 0 && (
        <Undo
          words={`Theirs is accepted for ${count(accepted.length, "difference")}.`}
          busy={back.isPending}
          onUndo={() => back.mutate(accepted)}
        />
      )}
      {accept.error && <Failed problem={accept.error} />}
      {back.error && <Failed problem={back.error} />}
      <Rows
        label="Differences"
        listing={listing}
        columns={bulk ? [picking(chosen, choose), WHAT, FOUND, WAYS] : [WHAT, FOUND, WAYS]}
        keyOf={(difference) => difference.id}
        href={(difference) => `/books/differences/${difference.id}`}
        empty={
          <Empty>
            {filter.state === "settled"
              ? "Nothing was settled yet. What you accept, restore or resolve stands here, with Undo."
              : "Everything agrees. What does not fit between Stripe, QuickBooks and here would stand here."}
          </Empty>
        }
      />
    </>
  );
}
