/** A list that the keyboard can walk: `j`/`k` move, Enter opens; loading, empty and failed are designed too. */

import { Button, Table } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import type { Listing } from "../data/pages";
import { Failed } from "./Failed";
import { isTyping } from "./Shortcuts";

export type Column<T> = {
  name: string;
  cell: (item: T) => React.ReactNode;
  /** Amounts stand right-aligned. */
  right?: boolean;
  /** A tick that stands before the name of the row. */
  choice?: boolean;
  /** Left out on narrow screens. */
  wideOnly?: boolean;
};

type RowsProps<T> = {
  label: string;
  listing: Listing<T>;
  columns: Column<T>[];
  keyOf: (item: T) => string | number;
  /** The record's own address; its name, the first column that is no tick, becomes the link. */
  href?: (item: T) => string;
  empty: React.ReactNode;
};

const SKELETON_ROWS = [1, 2, 3, 4, 5, 6];

export function Rows<T>({ label, listing, columns, keyOf, href, empty }: RowsProps<T>) {
  const { items, problem, more } = listing;
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(body, href !== undefined && (items?.length ?? 0) > 0);

  if (problem) return <Failed problem={problem} onRetry={listing.retry} />;
  if (items?.length === 0) return empty;
  return (
    <>
      <Table.ScrollContainer minWidth={0} className="rows" type="native">
        <Table aria-label={label} aria-busy={items === undefined} highlightOnHover={href !== undefined} verticalSpacing={9}>
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column.name} className={classOf(column)} scope="col">
                  {column.name || <span className="sr-only">What can be done</span>}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody ref={body}>
            {items
              ? items.map((item) => <Row key={keyOf(item)} item={item} columns={columns} href={href?.(item)} />)
              : SKELETON_ROWS.map((row) => (
                  <Table.Tr key={row}>
                    {columns.map((column) => (
                      <Table.Td key={column.name} className={classOf(column)}>
                        <span className="bone" />
                      </Table.Td>
                    ))}
                  </Table.Tr>
                ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
      {more && (
        <div className="more">
          <Button variant="default" onClick={more} loading={listing.loadingMore}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

function Row<T>({ item, columns, href }: { item: T; columns: Column<T>[]; href: string | undefined }) {
  const navigate = useNavigate();
  const open = (event: React.MouseEvent) => {
    // Links, buttons and marked text keep their own meaning.
    if (!href || (event.target as HTMLElement).closest("a, button, input, label") || window.getSelection()?.toString()) return;
    void navigate({ to: href });
  };
  const name = columns.findIndex(({ choice }) => !choice);
  return (
    <Table.Tr onClick={open} className={href ? "openable" : undefined}>
      {columns.map((column, i) => (
        <Table.Td key={column.name} className={classOf(column)} data-name={i > name && column.name ? column.name : undefined}>
          {i === name && href ? (
            <a
              className="row-link"
              href={href}
              onClick={(event) => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                void navigate({ to: href });
              }}
            >
              {column.cell(item)}
            </a>
          ) : (
            column.cell(item)
          )}
        </Table.Td>
      ))}
    </Table.Tr>
  );
}

function classOf<T>(column: Column<T>): string | undefined {
  const names = [column.right && "right", column.wideOnly && "wide-only", column.choice && "choice"].filter(Boolean);
  return names.length > 0 ? names.join(" ") : undefined;
}

/** `j` and `k` move the focus along the rows' links, so Enter and screen readers work by themselves. */
function useRowKeys(body: React.RefObject<HTMLElement | null>, on: boolean): void {
  useEffect(() => {
    if (!on) return;
    const press = (event: KeyboardEvent) => {
      if ((event.key !== "j" && event.key !== "k") || isTyping(event)) return;
      const links = [...(body.current?.querySelectorAll<HTMLElement>("a.row-link") ?? [])];
      const at = links.indexOf(document.activeElement as HTMLElement);
      const next = event.key === "j" ? Math.min(at + 1, links.length - 1) : Math.max(at - 1, 0);
      links[next]?.focus();
      links[next]?.scrollIntoView({ block: "nearest" });
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [body, on]);
}

/** Keeps what is typed in a search field and says it a moment after the last key. */
export function useTyped(value: string, onSettled: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(value);
  const settled = useRef(onSettled);
  useEffect(() => {
    settled.current = onSettled;
  });
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => settled.current(text), 200);
    return () => clearTimeout(timer);
  }, [text, value]);
  return [text, setText];
}
