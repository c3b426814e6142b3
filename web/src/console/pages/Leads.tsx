/** All leads, by how far they are, to find one and to add one. */

import { Button, Group, Modal, SegmentedControl } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { STATES } from "../../words/states";
import { type Lead, leadsQuery, type LeadStatus } from "../data/customers";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { LeadForm } from "../parts/LeadForm";
import { Ago, State } from "../parts/Money";
import { useNewKey } from "../parts/newKey";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";

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

const FILTERS = [
  { value: "", label: "All" },
  ...Object.entries(STATES.lead).map(([value, { en }]) => ({ value, label: en })),
];

export function Leads() {
  const { status, q } = useSearch({ from: "/office/leads" });
  const navigate = useNavigate({ from: "/leads" });
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const listing = useListing(leadsQuery(status as LeadStatus | undefined, q ?? ""));
  useNewKey(() => setAdding(true), may("leads:write"));
  const filtered = Boolean(status || q);
  return (
    <Page title="Leads" actions={may("leads:write") && <Button onClick={() => setAdding(true)}>New lead</Button>}>
      <Group mb="sm" gap="sm" justify="space-between">
        <SegmentedControl
          data={FILTERS}
          value={status ?? ""}
          onChange={(value) => void navigate({ search: { status: value || undefined, q } })}
          aria-label="Status"
          className="filters"
        />
        <Search
          label="Search leads"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { status, q: text || undefined }, replace: true })}
        />
      </Group>
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
                : "People who asked about a roof appear here; add the first one by hand or through the API."}
            </Empty>
          }
        />
      </div>
      <Modal opened={adding} onClose={() => setAdding(false)} title="New lead" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <LeadForm onSaved={({ id }) => void navigate({ to: "/leads/$id", params: { id: String(id) } })} />
      </Modal>
    </Page>
  );
}
