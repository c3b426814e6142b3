/** One search over everything: `/` opens it, arrows walk what was found, Enter goes there. */

import { Modal, Text, TextInput, UnstyledButton } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useId, useState } from "react";
import { type FoundGroup, searchQuery } from "../data/search";
import { Failed } from "./Failed";
import { State } from "./Money";
import { useTyped } from "./Rows";
import { isTyping } from "./Shortcuts";

const LENGTH_MAX = 100;

type Kind = FoundGroup["kind"];
const GROUPS: Record<Kind, { word: string; href: (id: number) => string; all: ((q: string) => string) | null }> = {
  customer: { word: "Customers", href: (id) => `/customers/${id}`, all: (q) => `/customers?q=${q}` },
  lead: { word: "Leads", href: (id) => `/leads/${id}`, all: (q) => `/leads?q=${q}` },
  proposal: { word: "Proposals", href: (id) => `/proposals/${id}`, all: (q) => `/proposals?q=${q}` },
  payment: { word: "Payments", href: (id) => `/payments/${id}`, all: null },
  mail: { word: "Mail", href: (id) => `/mail/${id}`, all: (q) => `/mail?q=${q}` },
  file: { word: "Files", href: (id) => `/settings/files?file=${id}`, all: (q) => `/settings/files?q=${q}` },
};
const STATED: Partial<Record<Kind, "lead" | "proposal" | "payment" | "mail">> = {
  lead: "lead",
  proposal: "proposal",
  payment: "payment",
  mail: "mail",
};

export function SearchEverything() {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "/" || isTyping(event)) return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
  return (
    <>
      <UnstyledButton className="search-open" onClick={() => setOpen(true)}>
        <span>Search</span>
        <kbd>/</kbd>
      </UnstyledButton>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title="Search"
        size="lg"
        yOffset="8vh"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Box onGone={() => setOpen(false)} />
      </Modal>
    </>
  );
}

type Entry = { href: string; label: React.ReactNode; group: string; first: boolean };

function Box({ onGone }: { onGone: () => void }) {
  const [q, setQ] = useState("");
  const [text, setText] = useTyped(q, setQ);
  const [at, setAt] = useState(0);
  const navigate = useNavigate();
  const id = useId();
  const words = q.trim();
  const { data, error, refetch, isFetching } = useQuery({
    ...searchQuery(words),
    enabled: words !== "",
    placeholderData: keepPreviousData,
  });
  const entries = words ? entriesOf(data?.groups ?? [], words) : [];
  const chosen = Math.min(at, entries.length - 1);

  const go = (entry: Entry | undefined) => {
    if (!entry) return;
    onGone();
    void navigate({ href: entry.href });
  };
  return (
    <div className="found">
      <TextInput
        data-autofocus
        type="search"
        aria-label="Search everything"
        placeholder="A name, an address, a number, an amount…"
        role="combobox"
        aria-expanded={entries.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={entries.length > 0 ? `${id}-${chosen}` : undefined}
        maxLength={LENGTH_MAX}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
          if (step !== 0) {
            event.preventDefault();
            const next = Math.max(0, Math.min(chosen + step, entries.length - 1));
            setAt(next);
            document.querySelector(`[id="${id}-${next}"]`)?.scrollIntoView({ block: "nearest" });
          }
          if (event.key === "Enter") go(entries[chosen]);
        }}
      />
      {error && !data && <Failed problem={error} onRetry={() => void refetch()} />}
      {!words && (
        <Text c="dimmed" size="sm">
          Customers, leads, proposals, payments, mail and files. Several words narrow it down.
        </Text>
      )}
      {words && data && entries.length === 0 && !isFetching && (
        <Text c="dimmed" size="sm" role="status">
          Nothing holds all of these words.
        </Text>
      )}
      <div id={`${id}-list`} className="found-list" role="listbox" aria-label="Found" aria-busy={isFetching}>
        {entries.map((entry, i) => (
          <div key={entry.href} role="presentation">
            {entry.first && <span className="found-group">{entry.group}</span>}
            <UnstyledButton
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === chosen}
              className={i === chosen ? "found-one chosen" : "found-one"}
              tabIndex={-1}
              onClick={() => go(entry)}
              onMouseMove={() => setAt(i)}
            >
              {entry.label}
            </UnstyledButton>
          </div>
        ))}
      </div>
    </div>
  );
}

function entriesOf(groups: FoundGroup[], q: string): Entry[] {
  return groups.flatMap((group) => {
    const { word, href, all } = GROUPS[group.kind];
    const stated = STATED[group.kind];
    const found: Entry[] = group.items.map((item, i) => ({
      href: href(item.id),
      group: word,
      first: i === 0,
      label: (
        <>
          <span className="found-title">
            {item.title}
            <small>{item.detail}</small>
          </span>
          {stated && item.state && <State kind={stated} state={item.state} />}
        </>
      ),
    }));
    if (group.more && all) {
      found.push({
        href: all(encodeURIComponent(q)),
        group: word,
        first: false,
        label: <span className="quiet">All {word.toLowerCase()} that hold this</span>,
      });
    }
    return found;
  });
}
