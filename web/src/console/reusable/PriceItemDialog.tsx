/** One item of the price book: added, changed, put out of use or back into it. */

import { Button, Group, Modal, SimpleGrid, Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { Problem } from "../../api/problem";
import { decimalText, parseMoney } from "../../words/money";
import { addPriceItem, changePriceItem, deletePriceItem, type PriceItem, priceItemQuery } from "../data/priceBook";
import { useMay, useMe } from "../data/session";
import { thousandthsOf } from "../editor/totals";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";

const REFRESH = ["price-items"];

type PriceItemDialogProps = { id: number | null; onClose: () => void; onArchived: (item: PriceItem) => void };

export function PriceItemDialog({ id, onClose, onArchived }: PriceItemDialogProps) {
  const { data, error, refetch } = useQuery({ ...priceItemQuery(id ?? 0), enabled: id !== null });
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={id === null ? "New item" : "Price item"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {id !== null && !data && !error && <Skeleton h={320} aria-busy="true" />}
      {(id === null || data) && <ItemForm item={data} onClose={onClose} onArchived={onArchived} />}
    </Modal>
  );
}

type ItemFormProps = { item: PriceItem | undefined; onClose: () => void; onArchived: (item: PriceItem) => void };

function ItemForm({ item, onClose, onArchived }: ItemFormProps) {
  const me = useMe();
  const writes = useMay()("proposals:write");
  const currency = item?.currency ?? me.currency;
  const [key] = useState(idempotencyKey);
  const [values, setValues] = useState(() => ({
    name: item?.name ?? "",
    section: item?.section ?? "",
    unit: item?.unit ?? "",
    price: item ? decimalText(item.unit_price_minor, currency) : "",
    tax: item?.tax_percent ?? "0",
    description: item?.description ?? "",
  }));
  const [tried, setTried] = useState(false);
  const set = (part: Partial<typeof values>) => setValues((before) => ({ ...before, ...part }));
  const price = parseMoney(values.price, currency);
  const save = useAct(
    () => {
      const { price: _, tax, ...texts } = values;
      const body = { ...texts, unit_price_minor: price ?? 0, tax_percent: tax.trim() };
      return item ? changePriceItem(item.id, body) : addPriceItem({ ...body, active: true }, key);
    },
    { refresh: REFRESH, onDone: onClose },
  );
  const use = useAct((active: boolean) => changePriceItem(item?.id ?? 0, { active }), {
    refresh: REFRESH,
    onDone: (changed) => {
      if (!changed.active) onArchived(changed);
      onClose();
    },
  });
  const remove = useAct(() => deletePriceItem(item?.id ?? 0), { refresh: REFRESH, onDone: onClose });
  const missing = {
    name: values.name.trim() ? undefined : "What is it?",
    price: price === null ? "An amount like 125.00" : undefined,
    tax: thousandthsOf(values.tax) === null ? "A percentage like 8.31" : undefined,
  };
  const wrong = (own: string | undefined, field: string) =>
    (tried ? own : undefined) ?? (save.error instanceof Problem ? save.error.field(field) : undefined);
  const failure = save.error ?? use.error ?? remove.error;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!missing.name && !missing.price && !missing.tax) save.mutate();
      }}
    >
      <fieldset disabled={!writes} className="plain">
        <Stack gap="sm">
          <TextInput
            label="Item"
            value={values.name}
            maxLength={200}
            error={wrong(missing.name, "name")}
            onChange={(event) => set({ name: event.currentTarget.value })}
            data-autofocus
          />
          <SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
            <TextInput
              label={`Price (${currency})`}
              inputMode="decimal"
              placeholder="0.00"
              value={values.price}
              maxLength={16}
              error={wrong(missing.price, "unit_price_minor")}
              onChange={(event) => set({ price: event.currentTarget.value })}
              classNames={{ input: "right" }}
            />
            <TextInput
              label="Unit"
              placeholder="square"
              value={values.unit}
              maxLength={60}
              error={wrong(undefined, "unit")}
              onChange={(event) => set({ unit: event.currentTarget.value })}
            />
            <TextInput
              label="Tax %"
              inputMode="decimal"
              value={values.tax}
              maxLength={7}
              error={wrong(missing.tax, "tax_percent")}
              onChange={(event) => set({ tax: event.currentTarget.value })}
              classNames={{ input: "right" }}
            />
            <TextInput
              label="Section"
              placeholder="Roof"
              value={values.section}
              maxLength={60}
              error={wrong(undefined, "section")}
              onChange={(event) => set({ section: event.currentTarget.value })}
            />
          </SimpleGrid>
          <Textarea
            label="Description"
            description="Stands below the item in a proposal"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={20_000}
            value={values.description}
            error={wrong(undefined, "description")}
            onChange={(event) => set({ description: event.currentTarget.value })}
          />
          {item && <p className="quiet">Proposals that were written keep the price they have.</p>}
          {failure && <Failed problem={failure} />}
          {writes && (
            <Group justify="space-between">
              <Group gap="xs">
                {item && (
                  <Button variant="subtle" loading={use.isPending} onClick={() => use.mutate(!item.active)}>
                    {item.active ? "Archive" : "Use it again"}
                  </Button>
                )}
                {item && !item.active && (
                  <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
                    Delete for good
                  </Button>
                )}
              </Group>
              <Button type="submit" loading={save.isPending}>
                {item ? "Save" : "Add item"}
              </Button>
            </Group>
          )}
        </Stack>
      </fieldset>
    </form>
  );
}
