/** A postal address: typed in fields, kept whole or not at all, and shown as one line. */

import { Fieldset, SimpleGrid, TextInput } from "@mantine/core";

export type AddressDraft = {
  line1: string;
  line2: string;
  city: string;
  state: string;
  postal_code: string;
  country: string;
};

type Stored = Record<string, unknown> | null | undefined;

export function addressDraft(stored: Stored): AddressDraft {
  const part = (name: string, otherwise = "") => {
    const value = stored?.[name];
    return typeof value === "string" ? value : otherwise;
  };
  return {
    line1: part("line1"),
    line2: part("line2"),
    city: part("city"),
    state: part("state"),
    postal_code: part("postal_code"),
    country: part("country", "US"),
  };
}

/** Returns what the API takes: null when nothing was filled in. */
export function addressBody(draft: AddressDraft): AddressDraft | null {
  const { country, ...rest } = draft;
  return Object.values(rest).some((text) => text.trim()) ? { ...rest, country: country.trim().toUpperCase() } : null;
}

export function addressLine(stored: Stored): string {
  const { line1, line2, city, state, postal_code } = addressDraft(stored);
  return [line1, line2, city, `${state} ${postal_code}`.trim()].filter(Boolean).join(", ");
}

type AddressFieldsProps = {
  legend: string;
  value: AddressDraft;
  onChange: (value: AddressDraft) => void;
  wrong: (field: string) => string | undefined;
};

const FIELDS: { name: keyof AddressDraft; label: string; max: number }[] = [
  { name: "line1", label: "Street", max: 200 },
  { name: "line2", label: "Apartment, suite", max: 200 },
  { name: "city", label: "City", max: 100 },
  { name: "state", label: "State", max: 60 },
  { name: "postal_code", label: "ZIP code", max: 20 },
  { name: "country", label: "Country", max: 2 },
];

export function AddressFields({ legend, value, onChange, wrong }: AddressFieldsProps) {
  return (
    <Fieldset legend={legend}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        {FIELDS.map(({ name, label, max }) => (
          <TextInput
            key={name}
            label={label}
            value={value[name]}
            maxLength={max}
            error={wrong(name)}
            onChange={(event) => onChange({ ...value, [name]: event.currentTarget.value })}
          />
        ))}
      </SimpleGrid>
    </Fieldset>
  );
}
