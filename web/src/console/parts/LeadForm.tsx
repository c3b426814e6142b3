/** Adds or changes a lead: who asked, how they found us, and what they want. */

import { Autocomplete, Button, Group, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { changeLead, createLead, type Lead } from "../data/customers";
import { type AddressDraft, AddressFields, addressBody, addressDraft } from "./AddressFields";
import { useAct } from "./act";
import { Failed } from "./Failed";

const SOURCES = ["Website", "Referral", "Phone", "Google", "Yard sign", "Storm canvass", "Home show"];

export function LeadForm({ lead, onSaved }: { lead?: Lead; onSaved: (lead: Lead) => void }) {
  const [name, setName] = useState(lead?.name ?? "");
  const [email, setEmail] = useState(lead?.email ?? "");
  const [phone, setPhone] = useState(lead?.phone ?? "");
  const [source, setSource] = useState(lead?.source ?? "");
  const [note, setNote] = useState(lead?.note ?? "");
  const [site, setSite] = useState<AddressDraft>(addressDraft(lead?.site_address));
  const [key] = useState(idempotencyKey);
  const save = useAct(
    () => {
      const body = { name, email, phone, source, note: note || null, site_address: addressBody(site) };
      return lead ? changeLead(lead.id, body) : createLead(body, key);
    },
    { refresh: ["leads"], onDone: onSaved },
  );
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
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
          <Autocomplete
            label="Source"
            data={SOURCES}
            value={source}
            maxLength={200}
            error={wrong("source")}
            onChange={setSource}
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
        <Textarea
          label="What do they want?"
          autosize
          minRows={2}
          maxRows={10}
          value={note}
          maxLength={4_000}
          error={wrong("note")}
          onChange={(event) => setNote(event.currentTarget.value)}
        />
        <AddressFields legend="Where the job is" value={site} onChange={setSite} wrong={(f) => wrong(`site_address.${f}`)} />
        {save.error && <Failed problem={save.error} />}
        <Group justify="flex-end">
          <Button type="submit" loading={save.isPending}>
            {lead ? "Save" : "Add lead"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
