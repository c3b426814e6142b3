/** All leads, by how far they are, as a list or a board, to find one and to add one. */

import { Button, Group, Modal, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { STATES } from "../../words/states";
import { type Lead, leadsQuery, type LeadStatus, stagesQuery } from "../data/customers";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { LeadBoard } from "../parts/LeadBoard";
import { LeadForm } from "../parts/LeadForm";
import { Ago, State } from "../parts/Money";
import { useNewKey } from "../parts/newKey";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { TakeAlong } from "../parts/TakeAlong";

export const leadColumns: Column<Lead>[] = [
  {
    name: "Lead",
    cell: (lead) => (
      <>
        {lead.name}
        {lead.note && <small className="one-line">{lead.note}</small>}
      </>
    ),
  },
  { name: "Status", cell: (lead) => <State kind="lead" state={lead.status} /> },
  { name: "Source", wideOnly: true, cell: (lead) => lead.source ?? <span className="quiet">—</span> },
  { name: "Phone", cell: (lead) => lead.phone ?? <span className="quiet">—</span> },
  { name: "Came", wideOnly: true, cell: (lead) => <Ago at={lead.created_at} /> },
];

const STAGES = Object.entries(STATES.lead);

export function Leads() {
  const { status, q, view } = useSearch({ from: "/office/leads" });
  const navigate = useNavigate({ from: "/leads" });
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const stages = useQuery(stagesQuery);
  const counts = new Map(stages.data?.map((stage) => [stage.status as string, stage.count]));
  useNewKey(() => setAdding(true), may("leads:write"));
  const board = view === "board";
  return (
    <Page
      title="Leads"
      actions={
        <>
          <TakeAlong kind="leads" mayImport={may("leads:write")} />
          <Button variant="default" renderRoot={(props) => <Link to="/leads/form" {...props} />}>
            Website form
          </Button>
          {may("leads:write") && <Button onClick={() => setAdding(true)}>New lead</Button>}
        </>
      }
    >
      <Group mb="sm" gap="sm" justify="space-between">
        <Group gap="sm" className="filter-row">
          <SegmentedControl
            data={[
              { value: "list", label: "List" },
              { value: "board", label: "Board" },
            ]}
            value={board ? "board" : "list"}
            onChange={(value) => void navigate({ search: { q, view: value === "board" ? "board" : undefined } })}
            aria-label="View"
          />
          {!board && (
            <SegmentedControl
              data={[
                { value: "", label: "All" },
                ...STAGES.map(([value, { en }]) => ({ value, label: labelOf(en, counts.get(value)) })),
              ]}
              value={status ?? ""}
              onChange={(value) => void navigate({ search: { status: value || undefined, q } })}
              aria-label="Status"
              className="filters"
            />
          )}
        </Group>
        <Search
          label="Search leads"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { status, view, q: text || undefined }, replace: true })}
        />
      </Group>
      {board ? <LeadBoard q={q ?? ""} counts={counts} /> : <List status={status} q={q} />}
      <Modal opened={adding} onClose={() => setAdding(false)} title="New lead" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <LeadForm onSaved={({ id }) => void navigate({ to: "/leads/$id", params: { id: String(id) } })} />
      </Modal>
    </Page>
  );
}

function labelOf(word: string, count: number | undefined): string {
  return count ? `${word} ${count.toLocaleString("en-US")}` : word;
}

function List({ status, q }: { status: string | undefined; q: string | undefined }) {
  const listing = useListing(leadsQuery(status as LeadStatus | undefined, q ?? ""));
  const filtered = Boolean(status || q);
  return (
      <div className="block flush">
        <Rows
          label="Leads"
          listing={listing}
          columns={leadColumns}
          keyOf={(lead) => lead.id}
          href={(lead) => `/leads/${lead.id}`}
          empty={
            <Empty action={filtered ? <Link to="/leads">Show all</Link> : undefined}>
              {filtered
                ? "No lead fits this search."
                : "People who asked about a roof appear here: by hand, by import, or from the form on your website."}
            </Empty>
          }
        />
      </div>
  );
}
