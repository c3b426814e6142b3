/** The log of what was sent, to one address or to all, filtered by what became of it. */

import { Select } from "@mantine/core";
import { useListing } from "../data/pages";
import { deliveriesQuery, type Delivery, DELIVERY_STATES, type DeliveryState, eventWord } from "../data/webhooks";
import { stateWord } from "../../words/states";
import { Ago, State } from "../parts/Money";
import { Block, Empty } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";

const COLUMNS: Column<Delivery>[] = [
  {
    name: "Message",
    cell: (delivery) => (
      <>
        {eventWord(delivery.type)}
        <small>
          <code>{delivery.event_id}</code>
        </small>
      </>
    ),
  },
  {
    name: "State",
    cell: (delivery) => (
      <>
        <State kind="delivery" state={delivery.state} />
        {delivery.state === "waiting" && delivery.tries > 0 && (
          <small>
            Again <Ago at={delivery.next_attempt_at} />
          </small>
        )}
      </>
    ),
  },
  { name: "Written", wideOnly: true, cell: (delivery) => <Ago at={delivery.created_at} /> },
];

type DeliveriesProps = {
  endpointId?: number;
  state: DeliveryState | undefined;
  onState: (state: DeliveryState | undefined) => void;
};

export function Deliveries({ endpointId, state, onState }: DeliveriesProps) {
  const listing = useListing(deliveriesQuery({ endpoint_id: endpointId, state }));
  return (
    <Block
      title="What was sent"
      flush
      actions={
        <Select
          size="xs"
          aria-label="State of messages"
          placeholder="All states"
          clearable
          clearButtonProps={{ "aria-label": "Show all states" }}
          data={DELIVERY_STATES.map((value) => ({ value, label: stateWord("delivery", value).word }))}
          value={state ?? null}
          onChange={(value) => onState(DELIVERY_STATES.find((each) => each === value))}
        />
      }
    >
      <p className="block-words">Kept for 90 days.</p>
      <Rows
        label="What was sent"
        listing={listing}
        columns={COLUMNS}
        keyOf={(delivery) => delivery.id}
        href={(delivery) => `/settings/webhooks/deliveries/${delivery.id}`}
        empty={<Empty>{state ? "No message like this." : "Nothing was sent yet. Send a test, or wait for the first event."}</Empty>}
      />
    </Block>
  );
}
