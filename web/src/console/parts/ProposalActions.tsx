/** What can be done with a proposal in its state: edit, send, copy the customer's link, replace. */

import { Button, Group, Modal, Text, TextInput } from "@mantine/core";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { formatMoney } from "../../words/money";
import { makePortalLink, type Proposal, sendProposal, supersedeProposal } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed, sentenceOf } from "./Failed";

export function ProposalActions({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const navigate = useNavigate();
  const [link, setLink] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const send = useAct(() => sendProposal(proposal.id), {
    onDone: ({ portal_url }) => {
      setSending(false);
      setLink(portal_url);
    },
  });
  const make = useAct(() => makePortalLink(proposal.id), { refresh: ["proposals"], onDone: ({ url }) => setLink(url) });
  const supersede = useAct(() => supersedeProposal(proposal.id), {
    onDone: ({ id }) => void navigate({ to: "/proposals/$id/edit", params: { id: String(id) } }),
  });
  if (!may("proposals:write")) return null;
  const { status } = proposal;
  const failure = make.error ?? supersede.error;

  return (
    <>
      {failure && <Text className="wrong" role="alert">{sentenceOf(failure)}</Text>}
      {status === "draft" && (
        <>
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
      <Modal opened={sending} onClose={() => setSending(false)} title={`Send proposal ${proposal.id}?`}>
        <Text mb="md">
          {proposal.customer.name} can then view, sign and pay it: {formatMoney(proposal.total_minor, proposal.currency)}{" "}
          in total, {formatMoney(proposal.deposit.amount_minor, proposal.currency)} as deposit. After sending it can be
          replaced, not changed.
        </Text>
        {send.error && <Failed problem={send.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setSending(false)}>
            Not yet
          </Button>
          <Button loading={send.isPending} onClick={() => send.mutate()} data-autofocus>
            Send
          </Button>
        </Group>
      </Modal>
      <PortalLink url={link} customer={proposal.customer.name} onClose={() => setLink(null)} />
    </>
  );
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
