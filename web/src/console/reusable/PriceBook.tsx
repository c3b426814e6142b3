/** The price book: what the company sells by its usual price, to find, add, change and put out of use. */

import { Button, Group, SegmentedControl } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useListing } from "../data/pages";
import { changePriceItem, type PriceItem, priceItemsQuery } from "../data/priceBook";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Ago, Money } from "../parts/Money";
import { useNewKey } from "../parts/newKey";
import { Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Search } from "../parts/Search";
import { TakeAlong } from "../parts/TakeAlong";
import { Undo } from "../parts/Undo";
import { PriceItemDialog } from "./PriceItemDialog";
import { ProposalPlaces } from "./ProposalPlaces";

const COLUMNS: Column<PriceItem>[] = [
  {
    name: "Item",
    cell: (item) => (
      <>
        {item.name} {!item.active && <span className="pill neutral">Archived</span>}
        {item.description && <small className="one-line">{item.description}</small>}
      </>
    ),
  },
  { name: "Section", wideOnly: true, cell: (item) => item.section || <span className="quiet">—</span> },
  {
    name: "Price",
    right: true,
    cell: (item) => (
      <>
        <Money minor={item.unit_price_minor} currency={item.currency} />
        {item.unit && <small>per {item.unit}</small>}
      </>
    ),
  },
  {
    name: "Tax",
    right: true,
    wideOnly: true,
    cell: (item) => (Number(item.tax_percent) > 0 ? `${item.tax_percent} %` : <span className="quiet">—</span>),
  },
  { name: "Changed", wideOnly: true, cell: (item) => <Ago at={item.updated_at} /> },
];

const SHOWN = [
  { value: "", label: "In use" },
  { value: "archived", label: "Archived" },
  { value: "all", label: "All" },
];
const ACTIVE: Record<string, boolean | undefined> = { "": true, archived: false, all: undefined };

export function PriceBook() {
  const { q, show, item } = useSearch({ from: "/office/proposals/price-book" });
  const navigate = useNavigate({ from: "/proposals/price-book" });
  const writes = useMay()("proposals:write");
  const [archived, setArchived] = useState<PriceItem | null>(null);
  const listing = useListing(priceItemsQuery({ q, active: ACTIVE[show ?? ""] }));
  const back = useAct((one: PriceItem) => changePriceItem(one.id, { active: true }), {
    refresh: ["price-items"],
    onDone: () => setArchived(null),
  });
  const open = (next: string | undefined) => void navigate({ search: (before) => ({ ...before, item: next }) });
  useNewKey(() => open("new"), writes);
  const filtered = Boolean(q ?? show);

  return (
    <Page
      title="Price book"
      actions={
        <>
          <TakeAlong kind="price_items" mayImport={writes} />
          {writes && <Button onClick={() => open("new")}>New item</Button>}
        </>
      }
    >
      <ProposalPlaces />
      <Group mb="sm" gap="sm" justify="space-between">
        <SegmentedControl
          data={SHOWN}
          value={show ?? ""}
          aria-label="Which items"
          onChange={(value) => void navigate({ search: { q, show: value || undefined } })}
        />
        <Search
          label="Search the price book"
          value={q ?? ""}
          onChange={(text) => void navigate({ search: { show, q: text || undefined }, replace: true })}
        />
      </Group>
      {archived && (
        <Undo words={`${archived.name} was archived.`} busy={back.isPending} onUndo={() => back.mutate(archived)} />
      )}
      {back.error && <Failed problem={back.error} />}
      <div className="block flush">
        <Rows
          label="Price book"
          listing={listing}
          columns={COLUMNS}
          keyOf={(row) => row.id}
          href={(row) => addressOf(row, q, show)}
          empty={
            <Empty
              action={
                filtered ? (
                  <Link to="/proposals/price-book">Show what is in use</Link>
                ) : (
                  writes && (
                    <Button variant="default" onClick={() => open("new")}>
                      Add the first item
                    </Button>
                  )
                )
              }
            >
              {filtered
                ? "No item fits."
                : "What you sell again and again stands here with its price, and is copied into proposals."}
            </Empty>
          }
        />
      </div>
      {item && (
        <PriceItemDialog
          key={item}
          id={item === "new" ? null : Number(item)}
          onClose={() => open(undefined)}
          onArchived={(one) => setArchived(one)}
        />
      )}
    </Page>
  );
}

function addressOf(row: PriceItem, q: string | undefined, show: string | undefined): string {
  const search = new URLSearchParams({ ...(q && { q }), ...(show && { show }), item: String(row.id) });
  return `/proposals/price-book?${search.toString()}`;
}
