/** Sends a proposal: who gets the mail, with which words, and what contract law says of it before. */

import { Button, Checkbox, Group, Modal, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { formatMoney } from "../../words/money";
import { type Proposal, proposalQuery, type SentProposal, sendProposal } from "../data/proposals";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Findings } from "./Findings";

type SendProposalProps = {
  proposal: Proposal;
  opened: boolean;
  onClose: () => void;
  onSent: (sent: SentProposal) => void;
};

export function SendProposal({ proposal, opened, onClose, onSent }: SendProposalProps) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={`Send proposal ${proposal.number}?`}
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <SendForm proposal={proposal} onClose={onClose} onSent={onSent} />
    </Modal>
  );
}

function SendForm({ proposal, onClose, onSent }: Omit<SendProposalProps, "opened">) {
  const { customer, findings } = proposal;
  const [notify, setNotify] = useState(customer.email !== null);
  const [to, setTo] = useState(customer.email ?? "");
  const [message, setMessage] = useState("");
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  // What was on the page when this opened: the page goes on reading, and nothing is sent that nobody saw.
  const [revision] = useState(proposal.revision);
  const send = useAct(
    () =>
      sendProposal({ id: proposal.id, revision }, {
        notify,
        to: notify && to.trim() !== customer.email ? to.trim() : null,
        message: notify ? message.trim() : "",
        override_reason: reason.trim(),
      }),
    { onDone: onSent },
  );
  const blocked = findings.some(({ mode }) => mode === "block");
  const missing = {
    to: notify && !to.trim() ? "Where shall the mail go?" : undefined,
    reason: blocked && !reason.trim() ? "Sending it all the same needs a reason; it is kept in the log." : undefined,
  };
  const meanwhile = send.error instanceof Problem && send.error.status === 412;
  const wrong = (field: string) => (send.error instanceof Problem ? send.error.field(field) : undefined);

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!missing.to && !missing.reason) send.mutate();
      }}
    >
      <Stack gap="sm">
        <Text>
          {customer.name} can then view, sign and pay it: {formatMoney(proposal.total_minor, proposal.currency)} in total,{" "}
          {formatMoney(proposal.deposit.amount_minor, proposal.currency)} as deposit. After sending it can be replaced,
          not changed.
        </Text>
        <Findings findings={findings} />
        {blocked && (
          <Textarea
            label="Reason to send it all the same"
            autosize
            minRows={2}
            maxRows={6}
            maxLength={2000}
            value={reason}
            error={(tried && missing.reason) || wrong("override_reason")}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        <Checkbox
          label={`Send ${customer.name} a mail with the link`}
          description="Without it you get the link and hand it over yourself."
          checked={notify}
          onChange={(event) => setNotify(event.currentTarget.checked)}
        />
        {notify && (
          <>
            <TextInput
              label="To"
              type="email"
              value={to}
              maxLength={254}
              error={(tried && missing.to) || wrong("to")}
              onChange={(event) => setTo(event.currentTarget.value)}
            />
            <Textarea
              label="Your own words (optional)"
              description="They stand in the mail above the link."
              autosize
              minRows={2}
              maxRows={8}
              maxLength={2000}
              value={message}
              error={wrong("message")}
              onChange={(event) => setMessage(event.currentTarget.value)}
            />
          </>
        )}
        {send.error && meanwhile && <ChangedMeanwhile id={proposal.id} seen={revision} onLook={onClose} />}
        {send.error && !meanwhile && <Failed problem={send.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Not yet
          </Button>
          <Button type="submit" loading={send.isPending} disabled={meanwhile} data-autofocus>
            Send
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Somebody was quicker: nothing was sent, and what they changed is looked at first. */
function ChangedMeanwhile({ id, seen, onLook }: { id: number; seen: number; onLook: () => void }) {
  const queries = useQueryClient();
  // Read at once, not at the page's next turn: the name is what one wants to know.
  const { data } = useQuery({ ...proposalQuery(id), refetchOnMount: "always" });
  const who = (data && data.revision !== seen && data.revised_by) || "Somebody else";
  const look = async () => {
    await queries.invalidateQueries({ queryKey: ["proposals", id] });
    onLook();
  };
  return (
    <div className="notice amber undo" role="alert">
      <span>{who} changed this draft while this was open. Nothing was sent; look at it as it is now, then send it.</span>
      <Button variant="default" size="xs" onClick={() => void look()}>
        Look at it
      </Button>
    </div>
  );
}
