/** What in QuickBooks stands for what: one row for each slot, more for those that are told apart. */

import { Alert, Autocomplete, Button, Group, Select, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type BooksMapping, type MappingSlot, makeMissing, mappingQuery, refreshLists, setMapping } from "../data/mapping";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Ago } from "./Money";
import { Block, Empty } from "./Page";
import { RecordBones } from "./RecordBones";

const REFRESH = { refresh: ["books-mapping", "books-policy", "books-preview"] };

export function MappingSlots() {
  const mapping = useQuery(mappingQuery);
  const may = useMay()("books:write");
  const refresh = useAct(() => refreshLists(), REFRESH);
  const make = useAct(() => makeMissing(), REFRESH);
  if (mapping.error) return <Failed problem={mapping.error} onRetry={() => void mapping.refetch()} />;
  if (!mapping.data) return <RecordBones />;
  const { read_at, slots, company_name } = mapping.data;
  const missing = slots.filter((slot) => slot.will_be_made).map((slot) => slot.title);
  return (
    <Block
      title="Accounts, items, taxes, classes"
      actions={
        may && (
          <Group gap="xs">
            {missing.length > 0 && (
              <Button size="xs" loading={make.isPending} onClick={() => make.mutate()}>
                Make what is missing
              </Button>
            )}
            <Button size="xs" variant="default" loading={refresh.isPending} onClick={() => refresh.mutate()}>
              {read_at ? "Read the lists again" : "Read the lists"}
            </Button>
          </Group>
        )
      }
    >
      {(refresh.error ?? make.error) && <Failed problem={(refresh.error ?? make.error) as Error} />}
      {make.data?.left_to_you?.map((sentence) => (
        <p key={sentence} className="notice amber" role="status">
          {sentence}
        </p>
      ))}
      <Text size="sm" c="dimmed" mb="sm">
        {read_at ? (
          <>
            As {company_name ?? "the company"} had it <Ago at={read_at} />.
          </>
        ) : (
          "Nothing has been read from QuickBooks yet."
        )}
        {missing.length > 0 && ` Not chosen, and made with the first document that needs it: ${missing.join(", ")}.`}
      </Text>
      {read_at === null ? (
        <Empty>Read the lists to choose from what the company has. It counts as six metered reads.</Empty>
      ) : (
        <Stack gap="lg">
          {slots.map((slot) => (
            <Slot key={slot.slot} slot={slot} suggested={mapping.data.suggested_keys} />
          ))}
        </Stack>
      )}
    </Block>
  );
}

function Slot({ slot, suggested }: { slot: MappingSlot; suggested: BooksMapping["suggested_keys"] }) {
  const [added, setAdded] = useState<string[]>([]);
  const keys = ["", ...new Set([...slot.mapped.map((one) => one.key), ...added])].filter((key, at) => key !== "" || at === 0);
  const may = useMay()("books:write");
  return (
    <section aria-label={slot.title} className="slot">
      <Title order={3} size="h6">
        {slot.title}
      </Title>
      <Text size="sm" c="dimmed">
        {slot.help}
      </Text>
      <Stack gap="xs" mt={6} maw={560}>
        {keys.map((key) => (
          <Row key={key} slot={slot} of={key} />
        ))}
        {may && slot.keys.length > 0 && (
          <AddKey slot={slot} suggested={suggested} onAdd={(key) => setAdded((before) => [...before, key])} />
        )}
      </Stack>
    </section>
  );
}

function Row({ slot, of }: { slot: MappingSlot; of: string }) {
  const may = useMay()("books:write");
  const chosen = slot.mapped.find((one) => one.key === of);
  const write = useAct((qbo_id: string | null) => setMapping({ slot: slot.slot, key: of, qbo_id }), REFRESH);
  const data = slot.choices
    .filter((one) => one.problem === null || one.id === chosen?.qbo_id)
    .map((one) => ({ value: one.id, label: one.detail ? `${one.name} · ${one.detail}` : one.name }));
  // What was chosen and is gone stays readable.
  if (chosen && !data.some((one) => one.value === chosen.qbo_id)) data.push({ value: chosen.qbo_id, label: chosen.name });
  return (
    <>
      <Select
        label={of === "" ? `${slot.title}, default` : keyWords(of)}
        placeholder={slot.will_be_made && of === "" ? "Made for you" : "Not chosen"}
        data={data}
        value={chosen?.qbo_id ?? null}
        searchable
        clearable
        clearButtonProps={{ "aria-label": `Take back: ${of === "" ? slot.title : keyWords(of)}` }}
        readOnly={!may}
        disabled={write.isPending}
        error={write.error ? write.error.message : chosen?.problem}
        onChange={(value) => write.mutate(value)}
      />
      {chosen?.problem && !write.error && (
        <Alert color="yellow" p="xs">
          Documents that need it wait until another one is chosen.
        </Alert>
      )}
    </>
  );
}

function AddKey(props: { slot: MappingSlot; suggested: string[]; onAdd: (key: string) => void }) {
  const [value, setValue] = useState("");
  const fitting = props.suggested.filter((key) => props.slot.keys.includes(key.split(":")[0] ?? ""));
  const byWords = new Map(fitting.map((key) => [keyWords(key), key]));
  const key = byWords.get(value);
  if (fitting.length === 0) return null;
  return (
    <Group gap="xs" align="flex-end">
      <Autocomplete
        label={`Tell ${props.slot.title.toLowerCase()} apart by`}
        placeholder="A section, a place, a currency …"
        data={[...byWords.keys()]}
        value={value}
        onChange={setValue}
        style={{ flex: 1 }}
      />
      <Button
        variant="default"
        disabled={!key}
        onClick={() => {
          if (key) props.onAdd(key);
          setValue("");
        }}
      >
        Add
      </Button>
    </Group>
  );
}

/** `section:roofing` as people say it. */
function keyWords(key: string): string {
  const [kind, ...rest] = key.split(":");
  const name = rest.join(":");
  if (kind === "percent") return `At ${name} %`;
  const plain = name.charAt(0).toUpperCase() + name.slice(1);
  if (kind === "currency") return `In ${plain.toUpperCase()}`;
  return kind === "place" ? `Jobs in ${plain}` : kind === "price" ? `Price item: ${plain}` : `Section: ${plain}`;
}
