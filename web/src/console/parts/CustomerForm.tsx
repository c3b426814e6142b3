/** Adds or changes a customer: name, how to reach them, where the job is and where bills go. */

import { Button, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { changeCustomer, createCustomer, type Customer } from "../data/customers";
import { type AddressDraft, AddressFields, addressBody, addressDraft } from "./AddressFields";
import { useAct } from "./act";
import { Failed } from "./Failed";

type CustomerFormProps = { customer?: Customer; onSaved: (customer: Customer) => void };

export function CustomerForm({ customer, onSaved }: CustomerFormProps) {
  const [name, setName] = useState(customer?.name ?? "");
  const [company, setCompany] = useState(customer?.company ?? "");
  const [email, setEmail] = useState(customer?.email ?? "");
  const [phone, setPhone] = useState(customer?.phone ?? "");
  const [site, setSite] = useState<AddressDraft>(addressDraft(customer?.site_address));
  const [billing, setBilling] = useState<AddressDraft>(addressDraft(customer?.billing_address));
  const [key] = useState(idempotencyKey);

  const save = useAct(
    () => {
      const body = {
        name,
        company,
        email,
        phone,
        site_address: addressBody(site),
        billing_address: addressBody(billing),
      };
      return customer ? changeCustomer(customer.id, body) : createCustomer(body, key);
    },
    { refresh: ["customers"], onDone: onSaved },
  );
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        // The form may stand inside another one (the proposal's); only this one is meant.
        event.stopPropagation();
        save.mutate();
      }}
    >
      <Stack gap="sm">
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput
            label="Name"
            required
            value={name}
            maxLength={200}
            error={wrong("name")}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label="Company"
            value={company}
            maxLength={200}
            error={wrong("company")}
            onChange={(event) => setCompany(event.currentTarget.value)}
          />
          <TextInput
            label="E-mail"
            type="email"
            value={email}
            maxLength={254}
            error={wrong("email")}
            onChange={(event) => setEmail(event.currentTarget.value)}
          />
          <TextInput
            label="Phone"
            type="tel"
            value={phone}
            maxLength={40}
            error={wrong("phone")}
            onChange={(event) => setPhone(event.currentTarget.value)}
          />
        </SimpleGrid>
        <AddressFields legend="Where the job is" value={site} onChange={setSite} wrong={(f) => wrong(`site_address.${f}`)} />
        <AddressFields
          legend="Billing address"
          value={billing}
          onChange={setBilling}
          wrong={(f) => wrong(`billing_address.${f}`)}
        />
        {save.error && <Failed problem={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {customer ? "Save" : "Add customer"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
