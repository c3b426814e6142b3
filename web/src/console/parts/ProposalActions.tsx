/** What can be done with a proposal in its state: edit, send, copy the customer's link, replace, discard, duplicate. */

import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { CancelContract } from "../contract/CancelContract";
import { createProposal, discardProposal, makePortalLink, type Proposal, supersedeProposal } from "../data/proposals";
import { useMay } from "../data/session";
import { bodyOf, draftOf } from "../editor/draft";
import { KeepAsTemplate } from "../reusable/KeepAsTemplate";
import { useAct } from "./act";
import { sentenceOf } from "./Failed";
import { SendProposal } from "./SendProposal";

export function ProposalActions({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const navigate = useNavigate();
  const [link, setLink] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const make = useAct(() => makePortalLink(proposal.id), { refresh: ["proposals"], onDone: ({ url }) => setLink(url) });
  const supersede = useAct(() => supersedeProposal(proposal.id), {
    onDone: ({ id }) => void navigate({ to: "/proposals/$id/edit", params: { id: String(id) } }),
  });
  const open = (id: number) => void navigate({ to: "/proposals/$id", params: { id: String(id) } });
  const [discarding, setDiscarding] = useState(false);
  const discard = useAct(() => discardProposal(proposal.id), {
    refresh: ["proposals"],
    onDone: ({ reopened }) => (reopened ? open(reopened) : void navigate({ to: "/proposals" })),
  });
  const duplicate = useAct(() => createProposal(copyOf(proposal), idempotencyKey()), {
    refresh: ["proposals"],
    onDone: ({ id }) => void navigate({ to: "/proposals/$id/edit", params: { id: String(id) } }),
  });
  if (!may("proposals:write")) return <CancelContract proposal={proposal} />;
  const { status } = proposal;
  const failure = make.error ?? supersede.error ?? duplicate.error ?? discard.error;

  return (
    <>
      {failure && <Text className="wrong" role="alert">{sentenceOf(failure)}</Text>}
      <Button variant="subtle" loading={duplicate.isPending} onClick={() => duplicate.mutate()}>
        Duplicate
      </Button>
      <KeepAsTemplate proposal={proposal} />
      <CancelContract proposal={proposal} />
      {status === "draft" && (
        <>
          <Button variant="subtle" color="red" onClick={() => setDiscarding(true)}>
            Discard
          </Button>
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/proposals/$id/edit" params={{ id: String(proposal.id) }} {...props} />}
          >
            Edit
          </Button>
          <Button onClick={() => setSending(true)}>Send to customer</Button>
        </>
      )}
      {["sent", "viewed", "declined", "expired"].includes(status) && (
        <Button variant="default" loading={supersede.isPending} onClick={() => supersede.mutate()}>
          Replace with new version
        </Button>
      )}
      {["sent", "viewed", "approved"].includes(status) && (
        <Button loading={make.isPending} onClick={() => make.mutate()}>
          Get customer link
        </Button>
      )}
      <SendProposal
        proposal={proposal}
        opened={sending}
        onClose={() => setSending(false)}
        onSent={({ portal_url }) => {
          setSending(false);
          setLink(portal_url);
        }}
      />
      <Modal
        opened={discarding}
        onClose={() => setDiscarding(false)}
        title="Discard this draft?"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Text mb="md">
          {proposal.version > 1
            ? `Version ${proposal.version} is deleted. Version ${proposal.version - 1} holds again, with the links the customer has.`
            : "It is deleted; nobody but your team has seen it."}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setDiscarding(false)} data-autofocus>
            Keep it
          </Button>
          <Button color="red" loading={discard.isPending} onClick={() => discard.mutate()}>
            Discard draft
          </Button>
        </Group>
      </Modal>
      <PortalLink url={link} customer={proposal.customer.name} onClose={() => setLink(null)} />
    </>
  );
}

/** A new proposal with the same content; how long it holds is decided anew by the company's rule. */
function copyOf(proposal: Proposal) {
  const { body, errors } = bodyOf(draftOf(proposal), proposal.currency);
  if (!body) throw new Error(`A stored proposal cannot be read: ${Object.keys(errors).join(", ")}`);
  return { ...body, valid_until: undefined };
}

function PortalLink({ url, customer, onClose }: { url: string | null; customer: string; onClose: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    // Without TLS browsers refuse the clipboard; the field is selected, so that Ctrl-C works.
    await navigator.clipboard?.writeText(url ?? "");
    setCopied(navigator.clipboard !== undefined);
  };
  return (
    <Modal
      opened={url !== null}
      onClose={() => {
        setCopied(false);
        onClose();
      }}
      title={`Link for ${customer}`}
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text mb="sm">
        It opens this proposal and nothing else. It is shown only now; you can always make another one.
      </Text>
      <Group gap="xs" align="end" wrap="nowrap">
        <TextInput
          className="grow"
          aria-label="Customer link"
          readOnly
          value={url ?? ""}
          onFocus={(event) => event.currentTarget.select()}
          data-autofocus
        />
        <Button onClick={() => void copy()}>{copied ? "Copied" : "Copy"}</Button>
      </Group>
    </Modal>
  );
}
