/** One address: what it is told, whether it answers, its secret, and what was sent to it. */

import { Button, Group, Modal, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { formatMoment, isAhead } from "../../words/dates";
import { changeEndpoint, type Endpoint, endpointQuery, eventWord, removeEndpoint, rollSecret, sendTest } from "../data/webhooks";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago } from "../parts/Money";
import { Block, Facts, Page } from "../parts/Page";
import { RecordBones } from "../parts/RecordBones";
import { OwnersOnly } from "../settings/OwnersOnly";
import { Deliveries } from "./Deliveries";
import { EndpointDialog } from "./EndpointDialog";
import { EndpointState } from "./EndpointState";
import { SecretOnce } from "./SecretOnce";

const PARENT = { to: "/settings/webhooks", label: "Webhooks" };

export function EndpointPage() {
  return (
    <OwnersOnly title="Webhook" what="manage webhooks">
      <One />
    </OwnersOnly>
  );
}

function One() {
  const id = Number(useParams({ from: "/office/settings/webhooks/$id" }).id);
  const { state } = useSearch({ from: "/office/settings/webhooks/$id" });
  const navigate = useNavigate({ from: "/settings/webhooks/$id" });
  const { data, error, refetch } = useQuery(endpointQuery(id));
  const [dialog, setDialog] = useState<"change" | "secret" | "remove" | null>(null);
  const test = useAct(() => sendTest(id), {
    refresh: ["webhooks"],
    onDone: (sent) => void navigate({ to: "/settings/webhooks/deliveries/$id", params: { id: String(sent.id) } }),
  });
  const close = () => setDialog(null);
  if (!data) {
    return (
      <Page title="Webhook" parent={PARENT}>
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <RecordBones />}
      </Page>
    );
  }
  return (
    <Page
      title={data.description || new URL(data.url).host}
      parent={PARENT}
      beside={<EndpointState endpoint={data} />}
      actions={
        <>
          <Button variant="subtle" color="red" onClick={() => setDialog("remove")}>
            Remove
          </Button>
          <Button variant="default" onClick={() => setDialog("change")}>
            Change
          </Button>
          <Button loading={test.isPending} disabled={!data.active} onClick={() => test.mutate()}>
            Send a test
          </Button>
        </>
      }
    >
      {test.error && <Failed problem={test.error} />}
      <Trouble endpoint={data} />
      <Block title="Address" actions={data.active && <OnOff endpoint={data} />}>
        <Facts
          facts={[
            ["Sent to", <code key="url">{data.url}</code>],
            ["Told of", data.events.map(eventWord).join(", ")],
            ["Since", formatMoment(data.created_at)],
          ]}
        />
      </Block>
      <Block
        title="Signing secret"
        actions={
          <Button variant="default" size="xs" onClick={() => setDialog("secret")}>
            Make a new secret
          </Button>
        }
      >
        <p>
          Every message is signed as Standard Webhooks says; your software checks it with the secret.
          {data.previous_secret_until && isAhead(data.previous_secret_until) && (
            <>
              {" "}
              The secret before the newest signs too until {formatMoment(data.previous_secret_until)}.
            </>
          )}
        </p>
      </Block>
      <Deliveries
        endpointId={id}
        state={state}
        onState={(next) => void navigate({ search: { state: next }, replace: true })}
      />
      {dialog === "change" && <EndpointDialog endpoint={data} onClose={close} />}
      {dialog === "secret" && <NewSecret endpoint={data} onClose={close} />}
      {dialog === "remove" && <Remove endpoint={data} onClose={close} />}
    </Page>
  );
}

/** Why nothing arrives, and what to do about it. */
function Trouble({ endpoint }: { endpoint: Endpoint }) {
  if (!endpoint.active) {
    return (
      <div className={`notice ${endpoint.disabled_reason ? "red" : "neutral"}`}>
        <Group justify="space-between" gap="sm">
          <span className="grow">
            {endpoint.disabled_reason
              ? `We switched this address off: ${endpoint.disabled_reason}. What waited is kept and goes out when you switch it on; what happens meanwhile is not sent to it.`
              : "Switched off by your team. What waited is kept and goes out when you switch it on; what happens meanwhile is not sent to it."}
          </span>
          <OnOff endpoint={endpoint} />
        </Group>
      </div>
    );
  }
  if (!endpoint.failing_since) return null;
  return (
    <p className="notice amber">
      It has taken nothing since <Ago at={endpoint.failing_since} />. Look at the answers below; after three days we
      switch it off.
    </p>
  );
}

function OnOff({ endpoint }: { endpoint: Endpoint }) {
  const turn = useAct((active: boolean) => changeEndpoint(endpoint.id, { active }), { refresh: ["webhooks"] });
  return (
    <>
      {turn.error && <Failed problem={turn.error} />}
      <Button variant="default" size="xs" loading={turn.isPending} onClick={() => turn.mutate(!endpoint.active)}>
        {endpoint.active ? "Switch off" : "Switch on"}
      </Button>
    </>
  );
}

function NewSecret({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const [key] = useState(idempotencyKey); // pressed twice is one new secret
  const roll = useAct(() => rollSecret(endpoint.id, key), { refresh: ["webhooks"] });
  return (
    <Modal
      opened
      onClose={onClose}
      closeOnClickOutside={!roll.data}
      title="Make a new secret"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {roll.data ? (
        <SecretOnce secret={roll.data.signing_secret} onDone={onClose} />
      ) : (
        <>
          <Text mb="md">
            For 24 hours every message is signed with both, the new secret and the one before, so that nothing is lost
            while your software changes over. After that only the new one counts.
          </Text>
          {roll.error && <Failed problem={roll.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button loading={roll.isPending} onClick={() => roll.mutate()} data-autofocus>
              Make a new secret
            </Button>
          </Group>
        </>
      )}
    </Modal>
  );
}

function Remove({ endpoint, onClose }: { endpoint: Endpoint; onClose: () => void }) {
  const navigate = useNavigate();
  const remove = useAct(() => removeEndpoint(endpoint.id), {
    refresh: ["webhooks"],
    onDone: () => void navigate({ to: "/settings/webhooks" }),
  });
  return (
    <Modal opened onClose={onClose} title="Remove this address?" closeButtonProps={{ "aria-label": "Close" }}>
      <Text mb="md">
        Nothing more is sent to {endpoint.url}; what waits for it is dropped. The log of what was sent stays. To pause it
        instead, switch it off.
      </Text>
      {remove.error && <Failed problem={remove.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
          Remove it
        </Button>
      </Group>
    </Modal>
  );
}
