/** The form for the company's own website: its address, the piece to paste, its words, on and off. */

import { Button, CopyButton, Group, Modal, Stack, Switch, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Shape } from "../../api/client";
import { changeLeadForm, leadFormQuery, renewLeadForm } from "../data/customers";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";

const PARENT = { to: "/leads", label: "Leads" };

export function LeadFormPage() {
  const { data, error, refetch } = useQuery(leadFormQuery);
  return (
    <Page title="Website form" parent={PARENT}>
      {data ? <Setup form={data} /> : error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
    </Page>
  );
}

function Setup({ form }: { form: Shape<"LeadFormOut"> }) {
  const may = useMay();
  const manages = may("org:manage");
  const [renewing, setRenewing] = useState(false);
  const [heading, setHeading] = useState(form.heading);
  const [thanks, setThanks] = useState(form.thanks);
  const change = useAct(changeLeadForm, { refresh: ["leads"] });
  const renew = useAct(renewLeadForm, { refresh: ["leads"], onDone: () => setRenewing(false) });
  const changed = heading !== form.heading || thanks !== form.thanks;
  return (
    <>
      {change.error && <Failed problem={change.error} />}
      <div className="record">
        <div>
          <Block title="Put it on your website">
            <Stack gap="md">
              <div>
                <p>
                  Link to this page, for instance behind a button “Get an estimate”. It works on every phone, also without
                  JavaScript, in English and Spanish (add <code>?lang=es</code>).
                </p>
                <Copyable label="Address of the form" text={form.url} />
              </div>
              <div>
                <p>Or paste this into a page of your own; it takes on that page’s look.</p>
                <Copyable label="HTML to paste" text={form.snippet} rows={8} />
              </div>
              <p className="quiet">
                What people send becomes a lead within a second. What looks like a program’s message is kept under Spam with the
                reason.
              </p>
            </Stack>
          </Block>
        </div>
        <div>
          <Block title="Settings">
            <Stack gap="sm">
              <Switch
                label={form.active ? "The form takes messages" : "The form is switched off"}
                checked={form.active}
                disabled={!manages || change.isPending}
                onChange={(event) => change.mutate({ active: event.currentTarget.checked })}
              />
              <form
                onSubmit={(event) => {
                  event.preventDefault();
                  change.mutate({ heading, thanks });
                }}
              >
                <Stack gap="sm">
                  <TextInput
                    label="Heading"
                    placeholder="Ask us for an estimate"
                    maxLength={500}
                    value={heading}
                    readOnly={!manages}
                    onChange={(event) => setHeading(event.currentTarget.value)}
                  />
                  <Textarea
                    label="Thank-you"
                    placeholder="We will get back to you soon."
                    autosize
                    minRows={2}
                    maxLength={2_000}
                    value={thanks}
                    readOnly={!manages}
                    onChange={(event) => setThanks(event.currentTarget.value)}
                  />
                  {manages && (
                    <Group justify="space-between">
                      <Button variant="default" onClick={() => setRenewing(true)}>
                        New address…
                      </Button>
                      <Button type="submit" disabled={!changed} loading={change.isPending}>
                        Save
                      </Button>
                    </Group>
                  )}
                </Stack>
              </form>
            </Stack>
          </Block>
        </div>
      </div>
      <Modal opened={renewing} onClose={() => setRenewing(false)} title="Give the form a new address?" closeButtonProps={{ "aria-label": "Close" }}>
        <Stack gap="md">
          <p>The old address stops working at once. Websites that link to it must be changed.</p>
          {renew.error && <Failed problem={renew.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setRenewing(false)}>
              Keep the old one
            </Button>
            <Button color="red" loading={renew.isPending} onClick={() => renew.mutate()}>
              New address
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

function Copyable({ label, text, rows = 1 }: { label: string; text: string; rows?: number }) {
  return (
    <div className="copyable">
      {rows === 1 ? (
        <TextInput label={label} readOnly value={text} onFocus={(event) => event.currentTarget.select()} />
      ) : (
        <Textarea label={label} readOnly value={text} rows={rows} onFocus={(event) => event.currentTarget.select()} />
      )}
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button variant="default" size="xs" onClick={copy} aria-label={`Copy: ${label}`}>
            {copied ? "Copied" : "Copy"}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
