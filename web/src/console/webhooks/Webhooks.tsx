/** Webhooks: which of the company's programs are told what, and everything that was sent to them. */

import { Button } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useListing } from "../data/pages";
import { type Endpoint, endpointsQuery, eventWord } from "../data/webhooks";
import { useNewKey } from "../parts/newKey";
import { Block, Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { OwnersOnly } from "../settings/OwnersOnly";
import { Deliveries } from "./Deliveries";
import { EndpointDialog } from "./EndpointDialog";
import { EndpointState } from "./EndpointState";

const COLUMNS: Column<Endpoint>[] = [
  {
    name: "Address",
    cell: (endpoint) => (
      <span className="breakable">
        {endpoint.description || endpoint.url}
        {endpoint.description && <small>{endpoint.url}</small>}
      </span>
    ),
  },
  { name: "State", cell: (endpoint) => <EndpointState endpoint={endpoint} /> },
  {
    name: "Told of",
    wideOnly: true,
    cell: ({ events }) =>
      events.length > 2 ? `${events.slice(0, 2).map(eventWord).join(", ")} and ${events.length - 2} more` : events.map(eventWord).join(", "),
  },
];

export function Webhooks() {
  return (
    <OwnersOnly title="Webhooks" what="manage webhooks">
      <Listing />
    </OwnersOnly>
  );
}

function Listing() {
  const { state } = useSearch({ from: "/office/settings/webhooks" });
  const navigate = useNavigate({ from: "/settings/webhooks" });
  const [adding, setAdding] = useState(false);
  const listing = useListing(endpointsQuery);
  useNewKey(() => setAdding(true), true);
  return (
    <Page title="Webhooks" actions={<Button onClick={() => setAdding(true)}>Add an address</Button>}>
      <Block title="Addresses" flush>
        <Rows
          label="Addresses"
          listing={listing}
          columns={COLUMNS}
          keyOf={(endpoint) => endpoint.id}
          href={(endpoint) => `/settings/webhooks/${endpoint.id}`}
          empty={
            <Empty
              action={
                <Button variant="default" onClick={() => setAdding(true)}>
                  Add the first address
                </Button>
              }
            >
              Name an address of your own software, and it is told within seconds when a proposal is approved, a payment
              comes in or an invoice stands in QuickBooks.
            </Empty>
          }
        />
      </Block>
      {(listing.items?.length ?? 0) > 0 && (
        <Deliveries state={state} onState={(next) => void navigate({ search: { state: next }, replace: true })} />
      )}
      {adding && (
        <EndpointDialog
          onClose={() => setAdding(false)}
          onAdded={(id) => void navigate({ to: "/settings/webhooks/$id", params: { id: String(id) } })}
        />
      )}
    </Page>
  );
}
