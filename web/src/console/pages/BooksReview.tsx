/** The review queue: each customer beside those in QuickBooks who may be meant; choose one, or say it is a new one. */

import { Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useListing } from "../data/pages";
import { chooseExact, type Review, reviewQuery, ruleQuery, setRule, undoMatch, type Unsure } from "../data/review";
import { useMay } from "../data/session";
import { Failed } from "../parts/Failed";
import { MatchCard, useCardKeys } from "../parts/MatchCard";
import { Block, Empty } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { Undo } from "../parts/Undo";
import { useAct } from "../parts/act";
import { count } from "../parts/words";

export function BooksReview() {
  const { state = "open" } = useSearch({ from: "/office/books/review" });
  const navigate = useNavigate({ from: "/books/review" });
  const listing = useListing(reviewQuery(state));
  const [chosen, setChosen] = useState<{ review: Review; words: string }>();
  const back = useAct((review: Review) => undoMatch(review.id), { onDone: () => setChosen(undefined) });
  useCardKeys();
  return (
    <>
      <Block title="Who is this in QuickBooks?" actions={<Exact items={listing.items ?? []} />}>
        <p className="quiet">
          A payment is booked by itself when it is safe whose it is. Where somebody in QuickBooks may be meant, it waits here, so that no
          customer stands there twice.
        </p>
        <Group gap="md" align="end" className="match-controls">
          <SegmentedControl
            aria-label="Which ones"
            value={state}
            data={[
              { value: "open", label: "To decide" },
              { value: "decided", label: "Decided" },
            ]}
            onChange={(value) => void navigate({ search: { state: value === "decided" ? "decided" : undefined }, replace: true })}
          />
          <RuleSelect />
        </Group>
      </Block>
      {chosen && <Undo words={chosen.words} busy={back.isPending} onUndo={() => back.mutate(chosen.review)} />}
      {back.error && <Failed problem={back.error} />}
      {listing.problem ? (
        <Failed problem={listing.problem} onRetry={listing.retry} />
      ) : listing.items === undefined ? (
        <RecordBones />
      ) : listing.items.length === 0 ? (
        <Block title="Nobody waits">
          <Empty>
            {state === "open"
              ? "Everybody is known. Customers who may be somebody in QuickBooks already stand here with their suggestions."
              : "Nothing was decided by a person yet."}
          </Empty>
        </Block>
      ) : (
        listing.items.map((review) => (
          <MatchCard key={review.id} review={review} onChosen={(words) => setChosen({ review, words })} />
        ))
      )}
      {listing.more && (
        <div className="more">
          <Button variant="default" onClick={listing.more} loading={listing.loadingMore}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

/** One press for all that leave no doubt. */
function Exact({ items }: { items: Review[] }) {
  const may = useMay();
  const take = useAct(chooseExact);
  const n = items.filter(({ exact }) => exact !== null).length;
  if (n < 2 || !may("books:write")) return null;
  return (
    <Button size="xs" loading={take.isPending} onClick={() => take.mutate()}>
      Take {count(n, "exact match", "exact matches")}
    </Button>
  );
}

const RULES: { value: Unsure; label: string }[] = [
  { value: "ask", label: "Ask here" },
  { value: "always_new", label: "Always make a new customer" },
];

function RuleSelect() {
  const may = useMay();
  const { data } = useQuery(ruleQuery);
  const set = useAct((unsure: Unsure) => setRule(unsure), { refresh: ["review-rule"] });
  return (
    <div>
      <Select
        label="When it is not safe who is meant"
        value={data?.unsure ?? "ask"}
        data={RULES}
        allowDeselect={false}
        disabled={!data || !may("books:write") || set.isPending}
        onChange={(value) => {
          const rule = RULES.find((each) => each.value === value);
          if (rule) set.mutate(rule.value);
        }}
      />
      {set.error && <Failed problem={set.error} />}
    </div>
  );
}
