/** Ends a contract, within the days that the law gives or after them; the button says how much goes back. */

import { Button, Group, Modal, Skeleton, Stack, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { formatUntil } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { cancelContract, cancellationQuery, type ForeseenCancellation } from "../data/contract";
import type { Proposal } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";

const REASON_MIN = 3;

export function CancelContract({ proposal }: { proposal: Proposal }) {
  const [open, setOpen] = useState(false);
  const may = useMay();
  if (proposal.status !== "approved" || !may("payments:refund")) return null;
  return (
    <>
      <Button variant="subtle" color="red" onClick={() => setOpen(true)}>
        Cancel contract
      </Button>
      {open && <CancelDialog proposal={proposal} onClose={() => setOpen(false)} />}
    </>
  );
}

function CancelDialog({ proposal, onClose }: { proposal: Proposal; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const [tried, setTried] = useState(false);
  const { data, error, refetch } = useQuery(cancellationQuery(proposal.id));
  const cancel = useAct(
    (expected: number) => cancelContract(proposal.id, { reason: reason.trim(), refund_minor: expected }),
    { onDone: onClose },
  );
  const missing = reason.trim().length < REASON_MIN ? "Say why; it is kept in the log." : undefined;
  const refused = cancel.error instanceof Problem ? cancel.error.field("reason") : undefined;
  return (
    <Modal opened onClose={onClose} title="Cancel this contract?" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!error && !data && <Skeleton h={200} aria-busy="true" />}
      {data && (
        <form
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            // Another amount than the button said goes back to nobody: the API compares.
            if (!missing) cancel.mutate(data.refund_minor, { onError: () => void refetch() });
          }}
        >
          <Stack gap="sm">
            <Text>{windowWords(data)}</Text>
            <Text>{moneyWords(data)}</Text>
            <Text>Nothing more can be signed or paid, and open change orders are withdrawn. This cannot be undone.</Text>
            <Textarea
              label="Reason"
              autosize
              minRows={2}
              maxRows={8}
              maxLength={1000}
              value={reason}
              error={(tried && missing) || refused}
              onChange={(event) => setReason(event.currentTarget.value)}
              data-autofocus
            />
            {cancel.error && <Failed problem={cancel.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={onClose}>
                Keep the contract
              </Button>
              <Button color="red" type="submit" loading={cancel.isPending}>
                {data.refund_minor > 0
                  ? `Cancel and give back ${formatMoney(data.refund_minor, data.currency)}`
                  : "Cancel contract"}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}

function windowWords({ cancel_until, in_time }: ForeseenCancellation): string {
  if (cancel_until === null) return "This contract carries no right to cancel; you end it by agreement.";
  return in_time
    ? `The customer’s right to cancel runs until ${formatUntil(cancel_until)}; they can also do it in the portal.`
    : `The customer’s right to cancel ended ${formatUntil(cancel_until)}; you end it by agreement.`;
}

function moneyWords({ refund_minor, processing_minor, currency }: ForeseenCancellation): string {
  const sentences = [
    refund_minor > 0
      ? `${formatMoney(refund_minor, currency)} that was paid goes back the way it came, and the books follow.`
      : "Nothing is there to give back.",
  ];
  if (processing_minor > 0) {
    sentences.push(`A bank transfer of ${formatMoney(processing_minor, currency)} is under way and goes back when it clears.`);
  }
  return sentences.join(" ");
}
