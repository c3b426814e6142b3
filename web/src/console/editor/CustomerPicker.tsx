/** Chooses the customer of a proposal, or adds one without leaving it. */

import { Button, Group, Modal, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type Customer, customerQuery, customersQuery } from "../data/customers";
import { useListing } from "../data/pages";
import { CustomerForm } from "../parts/CustomerForm";

type CustomerPickerProps = {
  value: number | null;
  error: string | undefined;
  onChange: (id: number) => void;
};

export function CustomerPicker({ value, error, onChange }: CustomerPickerProps) {
  const [typed, setTyped] = useState("");
  const [adding, setAdding] = useState(false);
  const chosen = useQuery({ ...customerQuery(value ?? 0), enabled: value !== null }).data;
  // The field holds the chosen customer's name; that is no search.
  const found = useListing(customersQuery(typed === (chosen && labelOf(chosen)) ? "" : typed)).items ?? [];
  const customers = chosen && !found.some(({ id }) => id === chosen.id) ? [chosen, ...found] : found;

  return (
    <>
      <Group align="start" gap="xs" wrap="nowrap">
        <Select
          className="grow"
          label="Customer"
          placeholder="Search by name"
          searchable
          nothingFoundMessage="No such customer yet; add one."
          data={customers.map((customer) => ({ value: String(customer.id), label: labelOf(customer) }))}
          filter={({ options }) => options}
          value={value === null ? null : String(value)}
          searchValue={typed}
          onSearchChange={setTyped}
          onChange={(id) => {
            if (id) onChange(Number(id));
          }}
          error={error}
        />
        <Button variant="default" mt={25} onClick={() => setAdding(true)}>
          New customer
        </Button>
      </Group>
      <Modal opened={adding} onClose={() => setAdding(false)} title="New customer" size="lg">
        <CustomerForm
          onSaved={(customer) => {
            setAdding(false);
            onChange(customer.id);
          }}
        />
      </Modal>
    </>
  );
}

function labelOf(customer: Customer): string {
  return customer.company ? `${customer.name} (${customer.company})` : customer.name;
}
