/** Names an address and what it is told, or changes that; a new one shows its secret this once. */

import { Button, Checkbox, Group, Modal, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { addEndpoint, changeEndpoint, type Endpoint, EVENTS, type EventName } from "../data/webhooks";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { SecretOnce } from "./SecretOnce";

const FIRST: EventName[] = ["proposal.approved", "payment.paid", "payment.refunded", "invoice.created"];

type EndpointDialogProps = { endpoint?: Endpoint; onClose: () => void; onAdded?: (id: number) => void };

export function EndpointDialog({ endpoint, onClose, onAdded }: EndpointDialogProps) {
  const [url, setUrl] = useState(endpoint?.url ?? "");
  const [description, setDescription] = useState(endpoint?.description ?? "");
  const [events, setEvents] = useState<EventName[]>(() => (endpoint ? (endpoint.events as EventName[]) : FIRST));
  const [tried, setTried] = useState(false);
  const [key, setKey] = useState(idempotencyKey);
  const [secret, setSecret] = useState<{ id: number; secret: string } | null>(null);
  const add = useAct(() => addEndpoint({ url: url.trim(), description, events }, key), {
    refresh: ["webhooks"],
    onDone: ({ id, signing_secret }) => setSecret({ id, secret: signing_secret }),
  });
  const change = useAct(() => changeEndpoint(endpoint?.id ?? 0, { url: url.trim(), description, events }), {
    refresh: ["webhooks"],
    onDone: onClose,
  });
  const { error, isPending } = endpoint ? change : add;
  const wrong = (field: string) => (error instanceof Problem ? error.field(field) : undefined);
  const missing = {
    url: url.trim() ? undefined : "Where shall we send it?",
    events: events.length > 0 ? undefined : "Choose at least one event.",
  };
  const done = () => {
    onClose();
    if (secret) onAdded?.(secret.id);
  };

  return (
    <Modal
      opened
      onClose={secret ? done : onClose}
      size="lg"
      // A click beside it must not hide a secret that is shown this once.
      closeOnClickOutside={secret === null}
      title={secret ? "The signing secret" : endpoint ? "Change the address" : "Add an address"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {secret ? (
        <SecretOnce secret={secret.secret} onDone={done} />
      ) : (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if (missing.url || missing.events) return;
            if (endpoint) change.mutate();
            else add.mutate(undefined, { onError: () => setKey(idempotencyKey()) });
          }}
        >
          <Stack gap="md">
            <TextInput
              label="Address"
              description="We POST to it; it answers 2xx within 15 seconds"
              type="url"
              placeholder="https://crm.example.com/webhooks"
              maxLength={1000}
              value={url}
              error={(tried && missing.url) || wrong("url")}
              onChange={(event) => setUrl(event.currentTarget.value)}
              data-autofocus
            />
            <TextInput
              label="What is it for? (optional)"
              placeholder="Job scheduling"
              maxLength={500}
              value={description}
              error={wrong("description")}
              onChange={(event) => setDescription(event.currentTarget.value)}
            />
            <Checkbox.Group
              label="It is told of"
              value={events}
              error={(tried && missing.events) || wrong("events")}
              onChange={(chosen) => setEvents(EVENTS.map(({ value }) => value).filter((value) => chosen.includes(value)))}
            >
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt="xs">
                {EVENTS.map(({ value, label }) => (
                  <Checkbox key={value} value={value} label={label} />
                ))}
              </SimpleGrid>
            </Checkbox.Group>
            {error && <Failed problem={error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
              <Button type="submit" loading={isPending}>
                {endpoint ? "Save" : "Add address"}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
