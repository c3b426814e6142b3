/** What does not fit between Stripe, QuickBooks and here: found again, and settled one by one or several at once. */

import { Button, Group, SegmentedControl, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { formatAgo } from "../../words/dates";
import { changesQuery, DIFFERENCE_SOURCES, lookForChanges } from "../data/differences";
import { useMay } from "../data/session";
import { Differences } from "../parts/Differences";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { useAct } from "../parts/act";

const SOURCES = [
  { value: "quickbooks", label: "QuickBooks" },
  { value: "stripe", label: "Stripe" },
];

export function BooksDifferences() {
  const filter = useSearch({ from: "/office/books/differences" });
  const navigate = useNavigate({ from: "/books/differences" });
  return (
    <>
      <Looked />
      <Block title="Differences" flush>
        <Group className="log-filters" gap="xs" align="end" role="search" aria-label="Narrow the differences">
          <SegmentedControl
            aria-label="Which ones"
            value={filter.state ?? "open"}
            data={[
              { value: "open", label: "Open" },
              { value: "settled", label: "Settled" },
            ]}
            onChange={(value) =>
              void navigate({ search: { ...filter, state: value === "settled" ? "settled" : undefined }, replace: true })
            }
          />
          <Select
            label="Found in"
            placeholder="Everywhere"
            clearable
            value={filter.source ?? null}
            data={SOURCES}
            onChange={(value) =>
              void navigate({
                search: { ...filter, source: DIFFERENCE_SOURCES.find((each) => each === value) },
                replace: true,
              })
            }
          />
        </Group>
        <Differences filter={filter} />
      </Block>
    </>
  );
}

/** How far QuickBooks' changes are known, and a button that asks now. */
function Looked() {
  const { data } = useQuery(changesQuery);
  const may = useMay();
  const look = useAct(lookForChanges);
  if (!data) return <p className="looked" aria-hidden="true"><span className="bone" /></p>;
  return (
    <>
      <Group justify="space-between" className="looked" gap="sm" wrap="nowrap">
        <span className="quiet">
          {data.ran_at ? `All changes in QuickBooks were looked for ${formatAgo(data.ran_at)}.` : "QuickBooks was not looked through yet."}{" "}
          {data.webhooks ? "Webhooks tell of new ones within seconds." : "Webhooks are not set up, so new ones are found once a day."}
        </span>
        {may("books:write") && (
          <Button variant="default" size="xs" className="keeps-width" loading={look.isPending} onClick={() => look.mutate()}>
            {look.isSuccess ? "Looking…" : "Look now"}
          </Button>
        )}
      </Group>
      {look.error && <Failed problem={look.error} />}
    </>
  );
}
