/** Mail: what was written to whom and what became of it, and the texts. */

import { Group, Select, Tabs, TextInput } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { kindWord, MAIL_STATES, type Mail as Row, mailsQuery } from "../data/mail";
import { useListing } from "../data/pages";
import { stateWord } from "../../words/states";
import { MailTemplates } from "../parts/MailTemplates";
import { Ago, State } from "../parts/Money";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import type { MailTab } from "../router";

const COLUMNS: Column<Row>[] = [
  {
    name: "Mail",
    cell: (mail) => (
      <>
        {mail.subject || kindWord(mail.kind)}
        <small>
          {kindWord(mail.kind)}, to {mail.recipient || "nobody yet"}
        </small>
      </>
    ),
  },
  { name: "State", cell: (mail) => <State kind="mail" state={mail.state} /> },
  { name: "Written", wideOnly: true, cell: (mail) => <Ago at={mail.created_at} /> },
];

export function Mail() {
  const { tab } = useSearch({ from: "/office/mail" });
  const navigate = useNavigate({ from: "/mail" });
  return (
    <Page title="Mail" actions={<Link to="/settings/mail">Mail settings</Link>}>
      <Tabs
        value={tab ?? "outbox"}
        onChange={(value) => void navigate({ search: { tab: value as MailTab } })}
        keepMounted={false}
      >
        <Tabs.List aria-label="Mail">
          <Tabs.Tab value="outbox">Outbox</Tabs.Tab>
          <Tabs.Tab value="texts">Texts</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="outbox">
          <Outbox />
        </Tabs.Panel>
        <Tabs.Panel value="texts">
          <MailTemplates />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function Outbox() {
  const { state, q } = useSearch({ from: "/office/mail" });
  const navigate = useNavigate({ from: "/mail" });
  const listing = useListing(mailsQuery({ state, q }));
  return (
    <>
      <Group mb="sm" gap="sm" align="end" className="halves">
        <TextInput
          label="Search"
          placeholder="Subject or address"
          maxLength={100}
          value={q ?? ""}
          onChange={(event) =>
            void navigate({ search: (before) => ({ ...before, q: event.currentTarget.value || undefined }), replace: true })
          }
        />
        <Select
          label="State"
          placeholder="All"
          data={MAIL_STATES.map((value) => ({ value, label: stateWord("mail", value).word }))}
          value={state ?? null}
          clearable
          clearButtonProps={{ "aria-label": "Show all states" }}
          onChange={(value) =>
            void navigate({
              search: (before) => ({ ...before, state: MAIL_STATES.find((each) => each === value) }),
              replace: true,
            })
          }
        />
      </Group>
      <div className="block flush">
        <Rows
          label="Mails"
          listing={listing}
          columns={COLUMNS}
          keyOf={(mail) => mail.id}
          href={(mail) => `/mail/${mail.id}`}
          empty={
            <Empty>
              {state || q
                ? "No mail like this."
                : "Every mail to customers and team appears here. The first one is written when you send a proposal."}
            </Empty>
          }
        />
      </div>
    </>
  );
}
