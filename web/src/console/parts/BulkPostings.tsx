/** The chosen refusals at once: try again, another date, or leave out. */

import { Button, Group, Popover, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Posting } from "../data/books";
import { actOnPostings, type Bulk } from "../data/postings";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { count } from "./words";

const AT_ONCE_MAX = 200;

export function BulkPostings({ chosen, onDone }: { chosen: Posting[]; onDone: () => void }) {
  const ids = chosen.slice(0, AT_ONCE_MAX).map(({ id }) => id);
  const act = useAct((body: Omit<Bulk, "ids">) => actOnPostings({ ...body, ids }), { onDone });
  const words = count(ids.length, "posting");
  return (
    <>
      <Group className="bulk" gap="xs" role="toolbar" aria-label="For the chosen postings">
        <span>{words} chosen</span>
        <Button variant="default" size="xs" loading={act.isPending} onClick={() => act.mutate({ action: "retry", reason: "" })}>
          Try again
        </Button>
        <Asked
          label="Another date…"
          field="Date in QuickBooks"
          type="date"
          button={`Send ${words} again`}
          onGiven={(txn_date) => act.mutate({ action: "redate", reason: "", txn_date })}
        />
        <Asked
          label="Leave out…"
          field="Why"
          type="text"
          button={`Leave ${words} out`}
          onGiven={(reason) => act.mutate({ action: "skip", reason })}
        />
      </Group>
      {act.error && <Failed problem={act.error} />}
    </>
  );
}

type AskedProps = { label: string; field: string; type: "date" | "text"; button: string; onGiven: (value: string) => void };

function Asked({ label, field, type, button, onGiven }: AskedProps) {
  const [open, setOpen] = useState(false);
  const [value, setValue] = useState("");
  return (
    <Popover opened={open} onChange={setOpen} trapFocus position="bottom-start" withArrow>
      <Popover.Target>
        <Button variant="default" size="xs" onClick={() => setOpen(!open)}>
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form
          onSubmit={(event) => {
            event.preventDefault();
            setOpen(false);
            onGiven(value.trim());
          }}
        >
          <Stack gap="xs">
            <TextInput label={field} type={type} maxLength={500} required withAsterisk={false} value={value} onChange={(e) => setValue(e.currentTarget.value)} />
            <Button type="submit" size="xs" disabled={!value.trim()}>
              {button}
            </Button>
          </Stack>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}
