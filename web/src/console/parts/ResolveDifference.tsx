/** A difference that no press settles: a person says what was done about it. */

import { Button, Group, Modal, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { resolveDifference } from "../data/books";
import type { BooksDifference } from "../data/differences";
import { Failed } from "./Failed";
import { useAct } from "./act";

const NOTE_MAX = 500;

export function ResolveButton({ difference }: { difference: BooksDifference }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpen(true)}>
        Resolve
      </Button>
      {open && <Resolve difference={difference} onClose={() => setOpen(false)} />}
    </>
  );
}

function Resolve({ difference, onClose }: { difference: BooksDifference; onClose: () => void }) {
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
