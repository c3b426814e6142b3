/** Keys for programs: made with a role, shown once, revoked at any time. */

import { Button, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { type ApiKey, apiKeysQuery, createApiKey, revokeApiKey, type Role } from "../data/org";
import { useListing } from "../data/pages";
import { ROLES, roleWord } from "../data/roles";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Block, Empty } from "./Page";
import { type Column, Rows } from "./Rows";

const COLUMNS: Column<ApiKey>[] = [
  {
    name: "Key",
    cell: (key) => (
      <>
        {key.name}
        <small>
          <code>{key.prefix}…</code>
        </small>
      </>
    ),
  },
  { name: "Role", cell: (key) => roleWord(key.role) },
  { name: "Last used", wideOnly: true, cell: (key) => (key.last_used_at ? <Ago at={key.last_used_at} /> : "Never") },
  { name: "", right: true, cell: (key) => <Revoke apiKey={key} /> },
];

export function ApiKeys() {
  const listing = useListing(apiKeysQuery);
  const [making, setMaking] = useState(false);
  return (
    <Block title="API keys" flush actions={<Button size="xs" onClick={() => setMaking(true)}>Make a key</Button>}>
      <Rows
        label="API keys"
        listing={listing}
        columns={COLUMNS}
        keyOf={(key) => key.id}
        empty={<Empty>A key lets a program, such as your website’s form, add leads.</Empty>}
      />
      {making && <MakeKey onClose={() => setMaking(false)} />}
    </Block>
  );
}

function Revoke({ apiKey }: { apiKey: ApiKey }) {
  const [asking, setAsking] = useState(false);
  const revoke = useAct(() => revokeApiKey(apiKey.id), { refresh: ["api-keys"], onDone: () => setAsking(false) });
  if (apiKey.revoked_at) return <span className="quiet">Revoked</span>;
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setAsking(true)}>
        Revoke
      </Button>
      <Modal
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Revoke “${apiKey.name}”?`}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Text>Programs that use this key are refused from now on. A key cannot be brought back; make a new one instead.</Text>
        {revoke.error && <Failed problem={revoke.error} />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setAsking(false)}>
            Keep it
          </Button>
          <Button color="red" loading={revoke.isPending} onClick={() => revoke.mutate()}>
            Revoke the key
          </Button>
        </Group>
      </Modal>
    </>
  );
}

function MakeKey({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("sales");
  const make = useAct(() => createApiKey({ name, role }), { refresh: ["api-keys"] });
  return (
    <Modal opened onClose={onClose} title="Make an API key" closeButtonProps={{ "aria-label": "Close" }}>
      {make.data ? (
        <Stack gap="sm">
          <Text>This is the whole key. Copy it now: it is not shown again.</Text>
          <TextInput
            aria-label="API key"
            readOnly
            value={make.data.secret}
            onFocus={(event) => event.currentTarget.select()}
            data-autofocus
          />
          <Group justify="flex-end">
            <Button onClick={onClose}>I have copied it</Button>
          </Group>
        </Stack>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate();
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="What is it for?"
              placeholder="Website form"
              required
              maxLength={200}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
            />
            <Select
              label="Role"
              description={ROLES.find(({ value }) => value === role)?.may}
              data={ROLES}
              value={role}
              onChange={(value) => value && setRole(value as Role)}
            />
            {make.error && <Failed problem={make.error} />}
            <Group justify="flex-end">
              <Button type="submit" loading={make.isPending}>
                Make key
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
