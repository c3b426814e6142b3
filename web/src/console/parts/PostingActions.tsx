/** What else can be done about a refusal than trying again: change it, link what stands there, or leave it out. */

import { Button, Group, Menu, Modal, Select, Stack, Table, Text, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Posting } from "../data/books";
import { editPosting, type LinkTry, linkPosting, restorePosting, skipPosting } from "../data/postings";
import { formatMoney } from "../../words/money";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";

type Doing = "edit" | "link" | "skip";
type DialogProps = { posting: Posting; onClose: () => void };

export function PostingActions({ posting }: { posting: Posting }) {
  const [doing, setDoing] = useState<Doing>();
  const may = useMay();
  if (!may("books:write")) return null;
  const close = () => setDoing(undefined);
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" size="xs" aria-label={`More for ${posting.proposal_title ?? posting.subject}`}>
            More
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {posting.state === "needs_you" && <Menu.Item onClick={() => setDoing("edit")}>Change and send again…</Menu.Item>}
          <Menu.Item onClick={() => setDoing("link")}>Link by hand…</Menu.Item>
          <Menu.Item onClick={() => setDoing("skip")}>Leave out…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {doing === "edit" && <EditDialog posting={posting} onClose={close} />}
      {doing === "link" && <LinkDialog posting={posting} onClose={close} />}
      {doing === "skip" && <SkipDialog posting={posting} onClose={close} />}
    </>
  );
}

export function TakeBack({ posting }: { posting: Posting }) {
  const may = useMay();
  const restore = useAct(() => restorePosting(posting.id));
  if (!may("books:write")) return null;
  return (
    <>
      <Button variant="default" size="xs" loading={restore.isPending} onClick={() => restore.mutate()}>
        Take back
      </Button>
      {restore.error && <Failed problem={restore.error} />}
    </>
  );
}

function EditDialog({ posting, onClose }: DialogProps) {
  const [date, setDate] = useState("");
  const [number, setNumber] = useState("");
  const [memo, setMemo] = useState("");
  const [reason, setReason] = useState("");
  const edit = useAct(
    () => editPosting(posting.id, { txn_date: date || null, doc_number: number || null, memo: memo || null, reason }),
    { onDone: onClose },
  );
  return (
    <Dialog title="Change and send again" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          edit.mutate();
        }}
      >
        <Stack gap="sm">
          {posting.problem && <Text size="sm">{posting.problem}</Text>}
          <TextInput label="Date in QuickBooks" type="date" value={date} onChange={(e) => setDate(e.currentTarget.value)} data-autofocus />
          <TextInput
            label="Invoice number"
            description="Only where QuickBooks lets us number invoices."
            maxLength={21}
            value={number}
            onChange={(e) => setNumber(e.currentTarget.value)}
          />
          <TextInput label="Message on the document" maxLength={1000} value={memo} onChange={(e) => setMemo(e.currentTarget.value)} />
          <TextInput label="Why" description="Kept in the activity log." maxLength={500} value={reason} onChange={(e) => setReason(e.currentTarget.value)} />
          <Text size="sm" c="dimmed">
            Amount, customer and accounts are facts and stay: {formatMoney(posting.amount_minor, posting.currency)}.
          </Text>
          {edit.error && <Failed problem={edit.error} />}
          <Buttons onClose={onClose}>
            <Button type="submit" loading={edit.isPending} disabled={!date && !number && !memo}>
              Send again
            </Button>
          </Buttons>
        </Stack>
      </form>
    </Dialog>
  );
}

function LinkDialog({ posting, onClose }: DialogProps) {
  const [entity, setEntity] = useState(posting.entities[0] ?? "Invoice");
  const [qboId, setQboId] = useState("");
  const [tried, setTried] = useState<LinkTry>();
  const link = useAct((confirmed: boolean) => linkPosting(posting.id, entity, qboId.trim(), confirmed), {
    onDone: (done) => (done.linked ? onClose() : setTried(done)),
  });
  const forbidden = tried?.compared.some((one) => one.must && !one.agrees) ?? true;
  return (
    <Dialog title="Link by hand" onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          link.mutate(false);
        }}
      >
        <Stack gap="sm">
          <Text size="sm">
            Somebody booked {formatMoney(posting.amount_minor, posting.currency)} in QuickBooks already? Give its Id (the number
            at the end of the address there). We read it and compare before anything is linked.
          </Text>
          <Group grow align="end">
            <Select
              label="Document"
              data={posting.entities}
              value={entity}
              allowDeselect={false}
              onChange={(value) => {
                setEntity(value ?? entity);
                setTried(undefined);
              }}
            />
            <TextInput
              label="Id in QuickBooks"
              inputMode="numeric"
              pattern="\d{1,20}"
              required
              withAsterisk={false}
              value={qboId}
              onChange={(event) => {
                setQboId(event.currentTarget.value);
                setTried(undefined);
              }}
              data-autofocus
            />
          </Group>
          {tried && <Comparison tried={tried} />}
          {link.error && <Failed problem={link.error} />}
          <Buttons onClose={onClose}>
            {tried && !forbidden ? (
              <Button loading={link.isPending} onClick={() => link.mutate(true)}>
                Link it
              </Button>
            ) : (
              <Button type="submit" loading={link.isPending} disabled={!qboId.trim()}>
                Compare
              </Button>
            )}
          </Buttons>
        </Stack>
      </form>
    </Dialog>
  );
}

function Comparison({ tried }: { tried: LinkTry }) {
  const wrong = tried.compared.filter((one) => one.must && !one.agrees);
  return (
    <>
      <Table aria-label="Comparison" verticalSpacing={4}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>What</Table.Th>
            <Table.Th>Here</Table.Th>
            <Table.Th>In QuickBooks</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tried.compared.map((one) => (
            <Table.Tr key={one.what}>
              <Table.Td>{one.what}</Table.Td>
              <Table.Td>{one.ours}</Table.Td>
              <Table.Td>
                {one.theirs} {!one.agrees && <span className={`pill ${one.must ? "red" : "amber"}`}>Differs</span>}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {wrong.length > 0 && (
        <p className="notice red" role="alert">
          This cannot be the document: {wrong.map((one) => one.what.toLowerCase()).join(", ")} must agree. Correct it in
          QuickBooks, or give another Id.
        </p>
      )}
    </>
  );
}

function SkipDialog({ posting, onClose }: DialogProps) {
  const [reason, setReason] = useState("");
  const skip = useAct(() => skipPosting(posting.id, reason.trim()), { onDone: onClose });
  const amount = formatMoney(posting.amount_minor, posting.currency);
  return (
    <Dialog title={`Leave ${amount} out of the books?`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          skip.mutate();
        }}
      >
        <Stack gap="sm">
          <Text size="sm">We stop trying to post it. It stays listed under Left out, from where it can be taken back.</Text>
          <Textarea
            label="Why"
            description="Kept in the activity log."
            required
            withAsterisk={false}
            maxLength={500}
            minRows={2}
            autosize
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
            data-autofocus
          />
          {skip.error && <Failed problem={skip.error} />}
          <Buttons onClose={onClose}>
            <Button type="submit" loading={skip.isPending} disabled={!reason.trim()}>
              Leave out {amount}
            </Button>
          </Buttons>
        </Stack>
      </form>
    </Dialog>
  );
}

function Dialog({ title, onClose, children }: { title: string; onClose: () => void; children: React.ReactNode }) {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      {children}
    </Modal>
  );
}

function Buttons({ onClose, children }: { onClose: () => void; children: React.ReactNode }) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        Cancel
      </Button>
      {children}
    </Group>
  );
}
