/** The activity log: who did what when, each entry sealed by the hash of the one before. */

import { Group, NumberInput, Select } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { formatMoment } from "../../words/dates";
import { type Activity, activityQuery } from "../data/books";
import { useListing } from "../data/pages";
import { EVENTS } from "../data/events";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { TakeAlong } from "../parts/TakeAlong";

const COLUMNS: Column<Activity>[] = [
  {
    name: "What happened",
    cell: (entry) => (
      <>
        {entry.sentence}
        <small>{entry.who}</small>
      </>
    ),
  },
  {
    name: "Proposal",
    cell: (entry) =>
      entry.proposal_id ? (
        <Link to="/proposals/$id" params={{ id: String(entry.proposal_id) }}>
          {entry.proposal_id}
        </Link>
      ) : (
        <span className="quiet">—</span>
      ),
  },
  { name: "When", cell: (entry) => <time dateTime={entry.created_at}>{formatMoment(entry.created_at)}</time> },
  { name: "Seal", wideOnly: true, cell: (entry) => <code title={entry.hash}>{entry.hash.slice(0, 12)}</code> },
];

export function ActivityPage() {
  const { event, proposal, q } = useSearch({ from: "/office/activity" });
  const navigate = useNavigate({ from: "/activity" });
  const listing = useListing(activityQuery({ event, proposal_id: proposal, q }));
  return (
    <Page title="Activity" actions={<TakeAlong kind="activity" />}>
      <Group mb="sm" gap="sm" align="end">
        <Select
          label="Event"
          data={EVENTS}
          value={event ?? null}
          placeholder="All events"
          searchable
          clearable
          clearButtonProps={{ "aria-label": "Show all events" }}
          onChange={(value) => void navigate({ search: { event: EVENTS.find((each) => each.value === value)?.value, proposal, q } })}
        />
        <NumberInput
          label="Proposal"
          placeholder="All"
          min={1}
          allowDecimal={false}
          hideControls
          value={proposal ?? ""}
          onChange={(value) =>
            void navigate({ search: { event, proposal: Number(value) || undefined, q }, replace: true })
          }
        />
        <Search
          label="Search by job or customer"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { event, proposal, q: text || undefined }, replace: true })}
        />
      </Group>
      <div className="block flush">
        <Rows
          label="Activity"
          listing={listing}
          columns={COLUMNS}
          keyOf={(entry) => entry.id}
          empty={
            <Empty action={event || proposal || q ? <Link to="/activity">Show all</Link> : undefined}>
              {event || proposal || q ? "Nothing like this happened yet." : "Everything that happens is written here, once and for good."}
            </Empty>
          }
        />
      </div>
    </Page>
  );
}
