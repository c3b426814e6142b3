/** All customers, to find one and to add one. */

import { Button, Group, Modal } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Customer, customersQuery } from "../data/customers";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { addressLine } from "../parts/AddressFields";
import { CustomerForm } from "../parts/CustomerForm";
import { Ago } from "../parts/Money";
import { useNewKey } from "../parts/newKey";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { TakeAlong } from "../parts/TakeAlong";

const COLUMNS: Column<Customer>[] = [
  {
    name: "Customer",
    cell: (customer) => (
      <>
        {customer.name}
        {customer.company && <small>{customer.company}</small>}
      </>
    ),
  },
  { name: "E-mail", wideOnly: true, cell: (customer) => customer.email ?? <span className="quiet">—</span> },
  { name: "Phone", cell: (customer) => customer.phone ?? <span className="quiet">—</span> },
  { name: "Job address", wideOnly: true, cell: (customer) => addressLine(customer.site_address) },
  { name: "Since", wideOnly: true, cell: (customer) => <Ago at={customer.created_at} /> },
];

export function Customers() {
  const { q } = useSearch({ from: "/office/customers" });
  const navigate = useNavigate({ from: "/customers" });
  const may = useMay();
  const [adding, setAdding] = useState(false);
  const listing = useListing(customersQuery(q ?? ""));
  useNewKey(() => setAdding(true), may("customers:write"));
  return (
    <Page
      title="Customers"
      actions={
        <>
          <TakeAlong kind="customers" mayImport={may("customers:write")} />
          {may("customers:write") && <Button onClick={() => setAdding(true)}>New customer</Button>}
        </>
      }
    >
      <Group mb="sm" justify="flex-end">
        <Search
          label="Search customers"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { q: text || undefined }, replace: true })}
        />
      </Group>
      <div className="block flush">
        <Rows
          label="Customers"
          listing={listing}
          columns={COLUMNS}
          keyOf={(customer) => customer.id}
          href={(customer) => `/customers/${customer.id}`}
          empty={
            <Empty action={q ? <Link to="/customers">Show all</Link> : undefined}>
              {q ? "No customer fits this search." : "Customers appear here; add the first one or convert a lead."}
            </Empty>
          }
        />
      </div>
      <Modal opened={adding} onClose={() => setAdding(false)} title="New customer" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
        <CustomerForm
          onSaved={({ id }) => void navigate({ to: "/customers/$id", params: { id: String(id) } })}
        />
      </Modal>
    </Page>
  );
}
