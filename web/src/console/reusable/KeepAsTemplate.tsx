/** Keeps a proposal as a template, under a name of its own. */

import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import type { Proposal } from "../data/proposals";
import { keepAsTemplate } from "../data/templates";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";

export function KeepAsTemplate({ proposal }: { proposal: Proposal }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="subtle" onClick={() => setOpen(true)}>
        Keep as template
      </Button>
      {open && <KeepDialog proposal={proposal} onClose={() => setOpen(false)} />}
    </>
  );
}

function KeepDialog({ proposal, onClose }: { proposal: Proposal; onClose: () => void }) {
  const [name, setName] = useState(proposal.title);
  const [key, setKey] = useState(idempotencyKey);
  const keep = useAct(() => keepAsTemplate(name.trim(), proposal.id, key), { refresh: ["templates"] });
  return (
    <Modal opened onClose={onClose} title="Keep as template" closeButtonProps={{ "aria-label": "Close" }}>
      {keep.data ? (
        <Stack gap="sm">
          <Text role="status">{keep.data.name} is a template now.</Text>
          <Group justify="flex-end">
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link to="/proposals/templates/$id" params={{ id: String(keep.data.id) }} {...props} />
              )}
            >
              Open it
            </Button>
            <Button onClick={onClose} data-autofocus>
              Done
            </Button>
          </Group>
        </Stack>
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            keep.mutate(undefined, { onError: () => setKey(idempotencyKey()) });
          }}
        >
          <Stack gap="sm">
            <TextInput
              label="Name of the template"
              description="Customer and last day are left out."
              value={name}
              maxLength={200}
              error={keep.error instanceof Problem ? keep.error.field("name") : undefined}
              onChange={(event) => setName(event.currentTarget.value)}
              data-autofocus
            />
            {keep.error && <Failed problem={keep.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
              <Button type="submit" loading={keep.isPending}>
                Keep it
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
