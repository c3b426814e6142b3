/** The company as customers meet it on papers, mails and in the portal: its name, how to reach it, where it stands. */

import { Select, SimpleGrid, TextInput } from "@mantine/core";
import type { Org } from "../data/org";
import { type AddressDraft, AddressFields, addressBody, addressDraft } from "../parts/AddressFields";
import { OrgForm, OrgPage } from "./OrgForm";
import { useOrgForm } from "./useOrgForm";

type Values = {
  name: string;
  licence_number: string;
  email: string;
  phone: string;
  website: string;
  reply_to: string;
  time_zone: string;
  address: AddressDraft;
};

const FIELDS: { name: Exclude<keyof Values, "address" | "time_zone">; label: string; description?: string; type?: string; max: number }[] = [
  { name: "name", label: "Name", max: 200 },
  { name: "licence_number", label: "Licence number", description: "Printed on contracts, as many states ask", max: 60 },
  { name: "email", label: "E-mail for customers", type: "email", max: 254 },
  { name: "phone", label: "Phone for customers", type: "tel", max: 40 },
  { name: "website", label: "Website", type: "url", max: 500 },
  { name: "reply_to", label: "Where answers to mails go", description: "Left empty: the e-mail for customers", type: "email", max: 254 },
];

export function CompanySettings() {
  return <OrgPage title="Company">{(org) => <Form org={org} />}</OrgPage>;
}

function Form({ org }: { org: Org }) {
  const form = useOrgForm(org, { valuesOf, bodyOf });
  const { values, set, wrong } = form;
  return (
    <OrgForm title="Who you are" form={form}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {FIELDS.map(({ name, label, description, type, max }) => (
          <TextInput
            key={name}
            label={label}
            description={description}
            inputWrapperOrder={["label", "input", "description", "error"]}
            type={type ?? "text"}
            required={name === "name"}
            maxLength={max}
            value={values[name]}
            error={wrong(name)}
            onChange={(event) => set({ [name]: event.currentTarget.value })}
          />
        ))}
        <Select
          label="Time zone"
          description="Days end and reminders go out by it"
          inputWrapperOrder={["label", "input", "description", "error"]}
          searchable
          limit={50}
          nothingFoundMessage="No such place; try the largest city near you."
          data={zonesWith(values.time_zone)}
          value={values.time_zone}
          error={wrong("time_zone")}
          onChange={(zone) => zone && set({ time_zone: zone })}
        />
      </SimpleGrid>
      <AddressFields
        legend="Address"
        value={values.address}
        onChange={(address) => set({ address })}
        wrong={(field) => wrong(`address.${field}`)}
      />
    </OrgForm>
  );
}

function valuesOf(org: Org): Values {
  return {
    name: org.name,
    licence_number: org.licence_number ?? "",
    email: org.email ?? "",
    phone: org.phone ?? "",
    website: org.website ?? "",
    reply_to: org.reply_to ?? "",
    time_zone: org.time_zone,
    address: addressDraft(org.address),
  };
}

function bodyOf({ address, ...values }: Values) {
  return { ...values, address: addressBody(address) };
}

/** Returns the zones that this browser knows, and the stored one in any case. */
function zonesWith(stored: string): string[] {
  return [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", stored])].toSorted();
}
