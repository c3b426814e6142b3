/** Whom mail comes from, who of the team gets notices, when customers are reminded, and who gets no mail. */

import { Button, Group, MultiSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import {
  deleteSuppression,
  type MailSettings as Settings,
  mailSettingsQuery,
  type Suppression,
  suppressionsQuery,
  writeMailSettings,
} from "../data/mail";
import { usersQuery } from "../data/org";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Block, Empty } from "./Page";
import { RecordBones } from "./RecordBones";
import { type Column, Rows } from "./Rows";

export function MailSettings() {
  const settings = useQuery(mailSettingsQuery);
  if (settings.error) return <Failed problem={settings.error} onRetry={() => void settings.refetch()} />;
  if (!settings.data) return <RecordBones />;
  return (
    <Stack gap="md">
      {!settings.data.sending && (
        <p className="notice amber">
          <strong>No mail server yet.</strong> Mails are written and kept here, and none is sent. Whoever runs this system
          sets SMTP_URL; mails kept until then are sent one by one with their Send button.
        </p>
      )}
      <Form settings={settings.data} />
      <Suppressions />
    </Stack>
  );
}

function Form({ settings }: { settings: Settings }) {
  const may = useMay()("org:manage");
  const [fromName, setFromName] = useState(settings.from_name ?? "");
  const [people, setPeople] = useState(settings.notice_user_ids.map(String));
  const [days, setDays] = useState(settings.reminder_days);
  const [saved, setSaved] = useState("");
  const body = { from_name: fromName || null, notice_user_ids: people.map(Number), reminder_days: days };
  const changed = JSON.stringify(body) !== saved;
  const write = useAct((written: typeof body) => writeMailSettings(written), {
    refresh: ["mail-settings"],
    onDone: (_, written) => setSaved(JSON.stringify(written)),
  });
  return (
    <Block title="Sending">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          write.mutate(body);
        }}
      >
        <Stack gap="sm" maw={480}>
          <TextInput
            label="Sender’s name"
            description={`Sent from ${settings.from_address}; answers go to your company’s address.`}
            placeholder="The company’s name"
            maxLength={200}
            readOnly={!may}
            value={fromName}
            onChange={(event) => setFromName(event.currentTarget.value)}
          />
          {may && <People value={people} onChange={setPeople} />}
          <NumberInput
            label="Remind customers, days before a proposal expires"
            description="0 sends no reminders."
            min={0}
            max={60}
            allowDecimal={false}
            readOnly={!may}
            value={days}
            onChange={(value) => setDays(Number(value) || 0)}
          />
          {write.error && <Failed problem={write.error} />}
          {may && (
            <Group justify="flex-end" gap="sm">
              <span role="status">{write.isSuccess && !changed ? "Saved." : ""}</span>
              <Button type="submit" loading={write.isPending}>
                Save
              </Button>
            </Group>
          )}
        </Stack>
      </form>
    </Block>
  );
}

function People({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  const users = useListing(usersQuery);
  return (
    <MultiSelect
      label="Who gets notices of new leads, views, approvals and payments"
      description="Nobody chosen: owners and office."
      data={(users.items ?? []).map((user) => ({ value: String(user.id), label: user.name }))}
      value={value}
      onChange={onChange}
      clearable
      clearButtonProps={{ "aria-label": "Choose nobody" }}
    />
  );
}

const COLUMNS: Column<Suppression>[] = [
  {
    name: "Address",
    cell: (row) => (
      <>
        {row.address}
        <small>{row.scope === "all" ? "No mail" : "No reminders"}</small>
      </>
    ),
  },
  { name: "Why", wideOnly: true, cell: (row) => row.reason },
  { name: "Since", wideOnly: true, cell: (row) => <Ago at={row.created_at} /> },
  { name: "", right: true, cell: (row) => <Allow row={row} /> },
];

function Suppressions() {
  const listing = useListing(suppressionsQuery);
  return (
    <Block title="Addresses that get no mail" flush>
      <Rows
        label="Addresses that get no mail"
        listing={listing}
        columns={COLUMNS}
        keyOf={(row) => row.id}
        empty={<Empty>Addresses that refused mail twice, or want no reminders, appear here.</Empty>}
      />
    </Block>
  );
}

function Allow({ row }: { row: Suppression }) {
  const may = useMay()("proposals:write");
  const allow = useAct(() => deleteSuppression(row.id), { refresh: ["mail-suppressions"] });
  if (!may) return null;
  return (
    <Button variant="default" size="xs" loading={allow.isPending} onClick={() => allow.mutate()}>
      Send to it again
    </Button>
  );
}
