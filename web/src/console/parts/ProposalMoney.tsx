/** The money of a proposal: its deposit, where the payment stands, and where it stands in the books. */

import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import { CONNECT_QUICKBOOKS, createInvoiceNow, overviewQuery } from "../data/books";
import { type Proposal, proposalRowQuery } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago, State } from "./Money";
import { Block } from "./Page";

export function ProposalMoney({ proposal }: { proposal: Proposal }) {
  const may = useMay();
  const { data: row, error, refetch } = useQuery(proposalRowQuery(proposal.id));
  const invoice = useAct(() => createInvoiceNow(proposal.id));
  const overview = useQuery({ ...overviewQuery, enabled: may("books:read") });
  const disconnected = overview.data && !["connected", "reconnect_soon"].includes(overview.data.connection.state);
  if (error && !row) {
    return (
      <Block title="Deposit">
        <Failed problem={error} onRetry={() => void refetch()} />
      </Block>
    );
  }
  // Paid once, whatever became of the money since: the books must show it.
  const unbooked = row?.paid_at && (row.books_state === "waiting" || row.books_state === "needs_you");
  return (
    <Block
      title="Deposit"
      acts
      actions={row && proposal.status !== "draft" ? <State kind="payment" state={row.payment_state} /> : undefined}
    >
      <p className="amount">{formatMoney(row?.deposit_minor ?? proposal.deposit.amount_minor, proposal.currency)}</p>
      {row?.paid_at && (
        <Text size="sm" c="dimmed">
          Paid <Ago at={row.paid_at} />
        </Text>
      )}
      {row && row.books_state !== "none" && (
        <div className="books-line">
          <Group gap="xs" justify="space-between">
            <strong>QuickBooks</strong>
            <State kind="books" state={row.books_state} />
          </Group>
          {row.books_sentence && <Text size="sm">{row.books_sentence}</Text>}
          {row.qbo_invoice_id && (
            <Text size="sm" c="dimmed">
              Invoice {row.qbo_invoice_id} in QuickBooks
            </Text>
          )}
        </div>
      )}
      {invoice.error && <Failed problem={invoice.error} />}
      {unbooked && may("books:write") && disconnected && (
        <Button component="a" href={CONNECT_QUICKBOOKS} mt="sm" fullWidth>
          {overview.data?.connection.state === "not_connected" ? "Connect QuickBooks" : "Reconnect QuickBooks"}
        </Button>
      )}
      {unbooked && may("books:write") && !disconnected && row.problem_code === "customer-match" && (
        <Button mt="sm" variant="default" fullWidth renderRoot={(props) => <Link to="/books/review" {...props} />}>
          Say who it is
        </Button>
      )}
      {unbooked && may("books:write") && !disconnected && row.problem_code !== "customer-match" && (
        <Button mt="sm" variant="default" fullWidth loading={invoice.isPending} onClick={() => invoice.mutate()}>
          {row.books_state === "needs_you" ? "Try again" : "Create invoice now"}
        </Button>
      )}
    </Block>
  );
}
