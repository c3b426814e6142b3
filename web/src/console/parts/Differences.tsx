/** What does not fit between Stripe, us and QuickBooks; each is resolved by a person, with a note. */

import { Button, Group, Modal, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { type Difference, differencesQuery, resolveDifference } from "../data/books";
import { useListing } from "../data/pages";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Empty } from "./Page";
import { type Column, Rows } from "./Rows";
import { differenceWord } from "./words";

const NOTE_MAX = 500;

const COLUMNS: Column<Difference>[] = [
  {
    name: "What differs",
    cell: (difference) => (
      <>
        <strong>{differenceWord(difference.kind)}</strong>
        <div className="long">{difference.sentence}</div>
      </>
    ),
  },
  { name: "Found", wideOnly: true, cell: (difference) => <Ago at={difference.created_at} /> },
  {
    name: "",
    right: true,
    cell: (difference) =>
      difference.resolved_at ? <span className="quiet">Resolved</span> : <ResolveButton difference={difference} />,
  },
];

export function Differences() {
  const listing = useListing(differencesQuery);
  return (
    <Rows
      label="Differences"
      listing={listing}
      columns={COLUMNS}
      keyOf={(difference) => difference.id}
      empty={<Empty>Everything agrees. What does not fit between Stripe, QuickBooks and here would stand here.</Empty>}
    />
  );
}

function ResolveButton({ difference }: { difference: Difference }) {
  const [open, setOpen] = useState(false);
  const may = useMay();
  if (!may("books:write")) return null;
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpen(true)}>
        Resolve
      </Button>
      {open && <Resolve difference={difference} onClose={() => setOpen(false)} />}
    </>
  );
}

function Resolve({ difference, onClose }: { difference: Difference; onClose: () => void }) {
  const [note, setNote] = useState("");
  const resolve = useAct(() => resolveDifference(difference.id, note.trim()), { onDone: onClose });
  return (
    <Modal opened onClose={onClose} title="Resolve this difference" closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          resolve.mutate();
        }}
      >
        <Text mb="sm" className="breakable">
          {difference.sentence}
        </Text>
        <Textarea
          label="What did you do about it?"
          description="Kept in the activity log."
          required
          minRows={3}
          autosize
          maxLength={NOTE_MAX}
          value={note}
          onChange={(event) => setNote(event.currentTarget.value)}
          data-autofocus
        />
        {resolve.error && <Failed problem={resolve.error} />}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={resolve.isPending} disabled={!note.trim()}>
            Mark as resolved
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
