/** One change order: written while it is a draft, then read with what became of it; and a new one. */

import { Button, Group, Modal, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { formatMoment } from "../../words/dates";
import {
  type ChangeBody,
  type ChangeOrder,
  changeOrdersQuery,
  createChangeOrder,
  foreseenQuery,
  saveChangeOrder,
  sendChangeOrder,
  withdrawChangeOrder,
} from "../data/contract";
import { orgQuery } from "../data/org";
import { type Proposal, proposalQuery } from "../data/proposals";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { State } from "../parts/Money";
import { Block, Empty, Facts, Page } from "../parts/Page";
import { ChangeLines } from "./ChangeLines";
import { changeBodyOf, changeDraftOf, emptyChange } from "./changeDraft";
import { ChangeEditor } from "./ChangeEditor";
import { signed } from "./ChangeOrders";
import { Effect } from "./Effect";

const REFRESH = ["proposals", "payments"];

type Loaded = { proposal: Proposal; orders: ChangeOrder[]; tax: string };

/** Reads the contract, its change orders and the company, or says why not. */
function Contract({ id, title, children }: { id: number; title: string; children: (loaded: Loaded) => React.ReactNode }) {
  const proposal = useQuery({ ...proposalQuery(id), refetchInterval: false });
  const orders = useQuery(changeOrdersQuery(id));
  const org = useQuery(orgQuery);
  const error = proposal.error ?? orders.error ?? org.error;
  if (proposal.data && orders.data && org.data) {
    return children({ proposal: proposal.data, orders: orders.data.items, tax: org.data.default_tax_percent ?? "0" });
  }
  return (
    <Page title={title} parent={{ to: `/proposals/${id}`, label: `Proposal ${id}` }}>
      {error ? (
        <Failed
          problem={error}
          onRetry={() => void Promise.all([proposal.refetch(), orders.refetch(), org.refetch()])}
        />
      ) : (
        <Skeleton h={480} aria-busy="true" />
      )}
    </Page>
  );
}

export function NewChangeOrder() {
  const id = Number(useParams({ from: "/office/proposals/$id/change-orders/new" }).id);
  const { from } = useSearch({ from: "/office/proposals/$id/change-orders/new" });
  return (
    <Contract id={id} title="New change order">
      {({ proposal, orders, tax }) => (
        <Writing proposal={proposal} before={orders.find((order) => order.id === from)} tax={tax} />
      )}
    </Contract>
  );
}

function Writing({ proposal, before, tax }: { proposal: Proposal; before: ChangeOrder | undefined; tax: string }) {
  const navigate = useNavigate();
  const writes = useMay()("proposals:write") && proposal.status === "approved";
  const [first] = useState(() => (before ? changeDraftOf(before, proposal.currency) : emptyChange(tax)));
  // One name per thing that is made: pressing the button twice makes one. A refused body was not made.
  const [key, setKey] = useState(idempotencyKey);
  const create = useAct(({ body }: { body: ChangeBody; send: boolean }) => createChangeOrder(proposal.id, body, key), {
    refresh: REFRESH,
    onDone: (order, { send }) =>
      void navigate({
        to: "/proposals/$id/change-orders/$order",
        params: { id: String(proposal.id), order: String(order.id) },
        search: { send: send || undefined },
        replace: true,
      }),
  });
  return (
    <Page title="New change order" parent={{ to: `/proposals/${proposal.id}`, label: proposal.title }}>
      {writes ? (
        <ChangeEditor
          proposal={proposal}
          first={first}
          tax={tax}
          saving={create.isPending}
          problem={create.error}
          onSave={(body, send) => create.mutate({ body, send }, { onError: () => setKey(idempotencyKey()) })}
        />
      ) : (
        <div className="block">
          <Empty>Only an approved contract can be changed, by people who may write proposals.</Empty>
        </div>
      )}
    </Page>
  );
}

export function ChangeOrderPage() {
  const { id, order } = useParams({ from: "/office/proposals/$id/change-orders/$order" });
  return (
    <Contract id={Number(id)} title="Change order">
      {({ proposal, orders, tax }) => {
        const found = orders.find((each) => each.id === Number(order));
        return found ? (
          <One key={found.id} proposal={proposal} order={found} tax={tax} />
        ) : (
          <Page title="Change order" parent={{ to: `/proposals/${id}`, label: proposal.title }}>
            <div className="block">
              <Empty>There is no such change order of this contract.</Empty>
            </div>
          </Page>
        );
      }}
    </Contract>
  );
}

type OneProps = { proposal: Proposal; order: ChangeOrder; tax: string };

function One({ proposal, order, tax }: OneProps) {
  const { send } = useSearch({ from: "/office/proposals/$id/change-orders/$order" });
  const navigate = useNavigate({ from: "/proposals/$id/change-orders/$order" });
  const writes = useMay()("proposals:write") && proposal.status === "approved";
  const [withdrawing, setWithdrawing] = useState(false);
  const [first, setFirst] = useState(() => changeDraftOf(order, proposal.currency));
  const ask = (open: boolean) => void navigate({ search: { send: open || undefined }, replace: true });
  const save = useAct(({ body }: { body: ChangeBody; send: boolean }) => saveChangeOrder(proposal.id, order.id, body), {
    refresh: REFRESH,
    onDone: (kept, asked) => {
      setFirst(changeDraftOf(kept, proposal.currency));
      if (asked.send) ask(true);
    },
  });
  const drafting = order.state === "draft" && writes;
  const open = order.state === "draft" || order.state === "sent";
  return (
    <Page
      title={`${order.position}. ${order.title}`}
      parent={{ to: `/proposals/${proposal.id}`, label: proposal.title }}
      beside={<State kind="change" state={order.state} />}
      actions={
        writes && (
          <>
            {open && (
              <Button variant={order.state === "draft" ? "subtle" : "default"} color="red" onClick={() => setWithdrawing(true)}>
                {order.state === "draft" ? "Throw away" : "Withdraw"}
              </Button>
            )}
            {(order.state === "declined" || order.state === "withdrawn") && (
              <Button
                renderRoot={(props) => (
                  <Link
                    to="/proposals/$id/change-orders/new"
                    params={{ id: String(proposal.id) }}
                    search={{ from: order.id }}
                    {...props}
                  />
                )}
              >
                Write it anew
              </Button>
            )}
          </>
        )
      }
    >
      {drafting ? (
        <>
          <p className="quiet" role="status">
            {save.isSuccess && "Saved. The customer sees nothing of it until you send it."}
          </p>
          <ChangeEditor
            key={JSON.stringify(first.lines.map(({ key }) => key))}
            proposal={proposal}
            first={first}
            tax={tax}
            saving={save.isPending}
            problem={save.error}
            onSave={(body, thenSend) => save.mutate({ body, send: thenSend })}
          />
        </>
      ) : (
        <Frozen proposal={proposal} order={order} />
      )}
      {send && drafting && <Send proposal={proposal} order={order} onClose={() => ask(false)} />}
      {withdrawing && <Withdraw proposal={proposal} order={order} onClose={() => setWithdrawing(false)} />}
    </Page>
  );
}

/** What was sent stays as it is; what became of it stands beside. */
function Frozen({ proposal, order }: { proposal: Proposal; order: ChangeOrder }) {
  const waiting = order.state === "sent" && proposal.status === "approved";
  const { body } = changeBodyOf(changeDraftOf(order, proposal.currency), proposal.currency);
  const effect = useQuery({
    ...foreseenQuery(proposal.id, body ?? { title: "", reason: "", lines: [] }),
    enabled: waiting && body !== undefined,
  });
  const facts: [string, React.ReactNode][] = [[order.total_minor < 0 ? "Credit" : "Added", signed(order.total_minor, proposal.currency)]];
  if (order.sent_at) facts.push(["Sent", formatMoment(order.sent_at)]);
  if (order.decided_at) facts.push(["Decided", formatMoment(order.decided_at)]);
  if (order.decline_reason) facts.push(["The customer’s reason", order.decline_reason]);
  if (order.content_hash) facts.push(["Document", <code key="hash">{order.content_hash}</code>]);
  return (
    <div className="record">
      <div>
        <ChangeLines order={order} currency={proposal.currency} />
      </div>
      <div>
        <Block title="What became of it">
          <Facts facts={facts} />
        </Block>
        {waiting && effect.data && (
          <Block title="What it does once signed">
            <Effect effect={effect.data} />
          </Block>
        )}
        {waiting && effect.error && <Failed problem={effect.error} />}
      </div>
    </div>
  );
}

type DialogProps = { proposal: Proposal; order: ChangeOrder; onClose: () => void };

function Send({ proposal, order, onClose }: DialogProps) {
  const { body } = changeBodyOf(changeDraftOf(order, proposal.currency), proposal.currency);
  const effect = useQuery({
    ...foreseenQuery(proposal.id, body ?? { title: "", reason: "", lines: [] }),
    enabled: body !== undefined,
  });
  const send = useAct(() => sendChangeOrder(proposal.id, order.id), { onDone: onClose });
  return (
    <Modal opened onClose={onClose} title={`Send it to ${proposal.customer.name}?`} closeButtonProps={{ "aria-label": "Close" }}>
      <Text mb="sm">
        {proposal.customer.name} gets a mail and signs or declines it in the portal. After sending it can be withdrawn,
        not changed.
      </Text>
      {effect.data && <Effect effect={effect.data} />}
      {(effect.error ?? send.error) && <Failed problem={(effect.error ?? send.error) as Error} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={onClose}>
          Not yet
        </Button>
        <Button loading={send.isPending} disabled={!effect.data} onClick={() => send.mutate()} data-autofocus>
          Send change of {signed(effect.data?.total_minor ?? order.total_minor, proposal.currency)}
        </Button>
      </Group>
    </Modal>
  );
}

function Withdraw({ proposal, order, onClose }: DialogProps) {
  const withdraw = useAct(() => withdrawChangeOrder(proposal.id, order.id), { refresh: REFRESH, onDone: onClose });
  const draft = order.state === "draft";
  return (
    <Modal
      opened
      onClose={onClose}
      title={draft ? "Throw this draft away?" : "Withdraw this change order?"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Text mb="md">
        {draft
          ? "The customer has not seen it. What it says stays readable here, and can be written anew."
          : "The customer can no longer sign it. Price and payments stay as they are; it can be written anew."}
      </Text>
      {withdraw.error && <Failed problem={withdraw.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose} data-autofocus>
          Keep it
        </Button>
        <Button color="red" loading={withdraw.isPending} onClick={() => withdraw.mutate()}>
          {draft ? "Throw it away" : "Withdraw it"}
        </Button>
      </Group>
    </Modal>
  );
}
