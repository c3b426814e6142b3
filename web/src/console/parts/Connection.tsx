/** The connection to QuickBooks: its state in words, and the button that state calls for. */

import { Button, Group, Modal, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { CONNECT_QUICKBOOKS, disconnectQuickBooks, type Overview } from "../data/books";
import { formatMoney } from "../../words/money";
import { useMay } from "../data/session";
import { Failed } from "./Failed";
import { State } from "./Money";
import { useAct } from "./act";
import { Block } from "./Page";
import { count } from "./words";

const SENTENCES: Record<Overview["connection"]["state"], string> = {
  not_configured:
    "QuickBooks is not set up on this installation: an administrator sets QBO_CLIENT_ID and QBO_CLIENT_SECRET first.",
  not_connected: "Not connected yet. Deposits are collected and wait here; connecting puts them into the books.",
  disconnected: "The connection was lost. Deposits are collected and wait here until you reconnect.",
  reconnect_soon: "Connected, but the permission ends soon. Reconnect now, so that nothing has to wait.",
  connected: "Connected. Deposits go into the books within seconds.",
};

type ConnectionProps = {
  overview: Overview;
  /** Disconnecting is offered where the books are looked after, not on the way past. */
  managed?: boolean;
};

export function Connection({ overview, managed = false }: ConnectionProps) {
  const { connection } = overview;
  const may = useMay();
  const [asking, setAsking] = useState(false);
  const disconnect = useAct(() => disconnectQuickBooks(), { onDone: () => setAsking(false) });
  const { state } = connection;
  return (
    <Block
      title="QuickBooks"
      actions={<State kind="connection" state={state} />}
    >
      <Group justify="space-between" align="center" gap="md">
        <div className="connection-words">
          {connection.company_name && <Text fw={600}>{connection.company_name}</Text>}
          <Text>{sentenceOf(overview)}</Text>
          {connection.realm_id && (
            <Text size="sm" c="dimmed">
              Company number {connection.realm_id}
            </Text>
          )}
          {managed && state === "not_connected" && overview.payments.waiting_count > 0 && (
            <Text size="sm" c="dimmed">
              Once connected, all that waits goes into the books. <Link to="/books/backfill">Choose from which day on</Link> before.
            </Text>
          )}
        </div>
        {may("books:write") && state !== "not_configured" && (
          <Group gap="xs">
            {state === "not_connected" && (
              <Button component="a" href={CONNECT_QUICKBOOKS}>
                Connect QuickBooks
              </Button>
            )}
            {(state === "reconnect_soon" || state === "disconnected") && (
              <Button component="a" href={CONNECT_QUICKBOOKS}>
                Reconnect
              </Button>
            )}
            {managed && (state === "connected" || state === "reconnect_soon") && (
              <Button variant="default" onClick={() => setAsking(true)}>
                Disconnect
              </Button>
            )}
          </Group>
        )}
      </Group>
      <Modal opened={asking} onClose={() => setAsking(false)} title="Disconnect QuickBooks?">
        <Text mb="md">
          What stands in QuickBooks stays there. New deposits are still collected; they wait here until you connect again.
        </Text>
        {disconnect.error && <Failed problem={disconnect.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={() => setAsking(false)} data-autofocus>
            Stay connected
          </Button>
          <Button color="red.9" onClick={() => disconnect.mutate()} loading={disconnect.isPending}>
            Disconnect
          </Button>
        </Group>
      </Modal>
    </Block>
  );
}

/** Connected is not the same as booked: what is still outside the books is said here too. */
function sentenceOf({ connection, payments, currency }: Overview): string {
  const { state, problem } = connection;
  const outside = `${count(payments.waiting_count, "payment")} (${formatMoney(payments.waiting_minor, currency)})`;
  if (state === "disconnected") {
    const kept = payments.waiting_count > 0 ? ` ${outside} waited so far; reconnecting books them.` : "";
    return `${problem ?? SENTENCES[state]}${kept}`;
  }
  if (state !== "connected" || payments.waiting_count === 0) return SENTENCES[state];
  const needing = payments.needs_you_count;
  return needing > 0
    ? `Connected. ${outside} not in the books yet; ${count(needing, "posting needs", "postings need")} you.`
    : `Connected. ${outside} on the way into the books.`;
}
