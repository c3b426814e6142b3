/** The company as customers see it: name, contact, colour, and how much deposit it asks. */

import { Button, ColorInput, Group, NumberInput, SimpleGrid, Skeleton, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { DEFAULT_ACCENT } from "../../look/accent";
import { changeOrg, type Org, orgQuery } from "../data/org";
import { useMay } from "../data/session";
import { type AddressDraft, AddressFields, addressBody, addressDraft } from "./AddressFields";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block } from "./Page";

export function Company() {
  const { data, error, refetch } = useQuery(orgQuery);
  if (error && !data) return <Failed problem={error} onRetry={() => void refetch()} />;
  return data ? <CompanyForm org={data} /> : <Skeleton h={420} />;
}

function CompanyForm({ org }: { org: Org }) {
  const editable = useMay()("org:manage");
  const [name, setName] = useState(org.name);
  const [email, setEmail] = useState(org.email ?? "");
  const [phone, setPhone] = useState(org.phone ?? "");
  const [timeZone, setTimeZone] = useState(org.time_zone);
  const [deposit, setDeposit] = useState<number | string>(org.deposit_percent ?? "");
  const [color, setColor] = useState(org.brand_color ?? "");
  const [address, setAddress] = useState<AddressDraft>(addressDraft(org.address));
  const save = useAct(
    () =>
      changeOrg({
        name,
        email,
        phone,
        time_zone: timeZone,
        deposit_percent: typeof deposit === "number" ? deposit : null,
        brand_color: color || null,
        address: addressBody(address),
      }),
    { refresh: ["org", "me"] },
  );
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);

  return (
    <Block title="Company">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <fieldset disabled={!editable} className="plain">
          <Stack gap="sm">
            <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
              <TextInput
                label="Name"
                required
                value={name}
                error={wrong("name")}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <TextInput
                label="Time zone"
                value={timeZone}
                error={wrong("time_zone")}
                onChange={(event) => setTimeZone(event.currentTarget.value)}
              />
              <TextInput
                label="E-mail for customers"
                type="email"
                value={email}
                error={wrong("email")}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
              <TextInput
                label="Phone for customers"
                type="tel"
                value={phone}
                error={wrong("phone")}
                onChange={(event) => setPhone(event.currentTarget.value)}
              />
              <NumberInput
                label="Standard deposit"
                description="Percent of the total, unless a proposal says otherwise"
                suffix=" %"
                min={1}
                max={100}
                allowDecimal={false}
                placeholder="30 %"
                value={deposit}
                error={wrong("deposit_percent")}
                onChange={setDeposit}
              />
              <ColorInput
                label="Colour"
                description="Made darker or lighter where it would be hard to read"
                placeholder={DEFAULT_ACCENT}
                format="hex"
                eyeDropperButtonProps={{ "aria-label": "Pick a colour from the screen" }}
                value={color}
                error={wrong("brand_color")}
                onChange={setColor}
              />
            </SimpleGrid>
            <AddressFields legend="Address" value={address} onChange={setAddress} wrong={(f) => wrong(`address.${f}`)} />
            {save.error && <Failed problem={save.error} />}
            {editable && (
              <Group justify="flex-end">
                {save.isSuccess && <span role="status">Saved.</span>}
                <Button type="submit" loading={save.isPending}>
                  Save
                </Button>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </Block>
  );
}
