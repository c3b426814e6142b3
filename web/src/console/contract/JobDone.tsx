/** The invoice of the whole contract: what stands of it, and the word of the office that the job is done. */

import { Button, Group, Modal, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatMoney } from "../../words/money";
import { type BooksContract, booksContractQuery, sayJobDone } from "../data/contract";
import type { Proposal } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago, Money, State } from "../parts/Money";
import { Block } from "../parts/Page";

export function JobDone({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const shown = proposal.status === "approved" && may("books:read");
  const { data, error, refetch } = useQuery({ ...booksContractQuery(proposal.id), enabled: shown });
  const [asking, setAsking] = useState(false);
  if (!shown) return null;
  if (!data) {
    return (
      <Block title="Invoice of the contract">
        {error ? <Failed problem={error} onRetry={() => void refetch()} /> : <Skeleton h={72} aria-busy="true" />}
      </Block>
    );
  }
  const due = data.done_at !== null || data.invoice_state !== null;
  return (
    <Block
      title="Invoice of the contract"
      acts
      actions={due && !data.in_parts ? <State kind="books" state={data.invoice_state ?? "waiting"} /> : undefined}
    >
      {data.in_parts ? (
        <Text size="sm">Each payment of this contract has an invoice of its own, so there is none of the whole.</Text>
      ) : (
        <>
          <p className="plan-total">
            <span>{due ? "Invoice" : "Invoice when done"}</span>
            <Money minor={data.invoice_minor} currency={data.currency} />
          </p>
          {!due && <Text size="sm" c="dimmed">{whatItMakes(data)}</Text>}
        </>
      )}
      {data.done_at && (
        <Text size="sm" c="dimmed">
          Job done <Ago at={data.done_at} />
        </Text>
      )}
      {!due && !data.in_parts && may("books:write") && (
        <Button mt="sm" variant="default" fullWidth onClick={() => setAsking(true)}>
          Job is done
        </Button>
      )}
      {asking && <DoneDialog contract={data} onClose={() => setAsking(false)} />}
    </Block>
  );
}

function DoneDialog({ contract, onClose }: { contract: BooksContract; onClose: () => void }) {
  const done = useAct(() => sayJobDone(contract.proposal_id), {
    refresh: ["books-contract", "proposals", "postings", "overview"],
    onDone: onClose,
  });
  return (
    <Modal opened onClose={onClose} title="Is the job done?" size="lg" closeButtonProps={{ "aria-label": "Close" }}>
      <Stack gap="sm">
        <Text>{whatItMakes(contract)}</Text>
        <Text>What is not paid of it is then owed in QuickBooks, dated today. This cannot be taken back here.</Text>
        {done.error && <Failed problem={done.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Not yet
          </Button>
          <Button loading={done.isPending} onClick={() => done.mutate()}>
            Invoice {formatMoney(contract.invoice_minor, contract.currency)}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** One sentence on the invoice that the office's word makes. */
function whatItMakes({ total_minor, deposits_left_minor, invoice_minor, currency }: BooksContract): string {
  const used = Math.min(Math.max(deposits_left_minor, 0), total_minor);
  const invoice = `“Job is done” makes the contract’s invoice in QuickBooks over ${formatMoney(invoice_minor, currency)}`;
  return used > 0
    ? `${invoice}: ${formatMoney(total_minor, currency)} with its real lines and tax, less ${formatMoney(used, currency)} of deposits in the books.`
    : `${invoice}, with its real lines and tax.`;
}
