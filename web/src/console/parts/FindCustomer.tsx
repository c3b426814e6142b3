/** Finds another customer of QuickBooks: in what is known here while one types, in QuickBooks itself when one asks for it. */

import { Button, Group, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { FIND_LENGTH_MIN, type FoundCustomer, type FoundCustomers, findQuery, searchQuickBooks } from "../data/review";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { useTyped } from "./Rows";

const LENGTH_MAX = 100;

type FindCustomerProps = {
  /** Who is looked for: a customer of ours. */
  name: string;
  busy: boolean;
  onChoose: (found: FoundCustomer) => void;
  onClose: () => void;
};

export function FindCustomer({ name, busy, onChoose, onClose }: FindCustomerProps) {
  const [settled, setSettled] = useState("");
  const [text, setText] = useTyped(settled, setSettled);
  const q = settled.trim();
  const known = useQuery(findQuery(q));
  const [asked, setAsked] = useState<{ q: string; found: FoundCustomers }>();
  const ask = useAct((words: string) => searchQuickBooks(words), {
    refresh: ["quota", "review-find"],
    onDone: (found, words) => setAsked({ q: words, found }),
  });
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => field.current?.focus(), []); // it opens at a press, to type into
  const found = asked?.q === text.trim() ? asked.found : q.length >= FIND_LENGTH_MIN ? known.data : undefined;
  const keys = (event: React.KeyboardEvent) => walk(event, list.current, onClose);
  const short = text.trim().length < FIND_LENGTH_MIN;
  return (
    <form
      className="find-customer"
      role="search"
      aria-label={`Find ${name} in QuickBooks`}
      onSubmit={(event) => {
        event.preventDefault();
        if (!short && !ask.isPending) ask.mutate(text.trim());
      }}
    >
      <TextInput
        label="Somebody else in QuickBooks"
        description="Name, company, e-mail, phone or address; inactive ones are found too."
        type="search"
        maxLength={LENGTH_MAX}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        ref={field}
        onKeyDown={keys}
      />
      {found && found.customers.length > 0 && (
        <ul className="found-customers" ref={list} aria-label="Customers in QuickBooks">
          {found.customers.map((one) => (
            <li key={one.qbo_id}>
              <span className="found-words">
                <strong>{one.name}</strong>
                <small>{detailsOf(one)}</small>
              </span>
              <Button size="xs" variant="default" disabled={busy} aria-label={`This one: ${one.name}`} onKeyDown={keys} onClick={() => onChoose(one)}>
                This one
              </Button>
            </li>
          ))}
        </ul>
      )}
      <p className="quiet" role="status">
        {statusOf(found, asked?.q === text.trim())}
      </p>
      {asked?.q === text.trim() && <Vendors found={asked.found} name={name} />}
      {known.error && <Failed problem={known.error} onRetry={() => void known.refetch()} />}
      {ask.error && <Failed problem={ask.error} />}
      <Group gap="sm">
        <Button type="submit" size="xs" variant="default" disabled={short} loading={ask.isPending}>
          Search in QuickBooks
        </Button>
        <Button size="xs" variant="subtle" onClick={onClose}>
          Close
        </Button>
        <span className="quiet">Searching there costs two metered reads.</span>
      </Group>
    </form>
  );
}

/** The name belongs to somebody whom no customer can be: said, with what becomes of ours. */
function Vendors({ found, name }: { found: FoundCustomers; name: string }) {
  if (found.vendors === null)
    return <p className="quiet">QuickBooks cannot be asked for vendors with these letters; customers were all looked through.</p>;
  if (found.vendors.length === 0) return null;
  const names = found.vendors.map((vendor) => `${vendor.name}${vendor.active ? "" : " (inactive)"}`).join(", ");
  return (
    <p className="notice amber">
      {found.vendors.length === 1 ? "A vendor in QuickBooks has this name: " : "Vendors in QuickBooks have this name: "}
      <strong>{names}</strong>. A payment cannot be booked on a vendor, and a name stands there only once: as a new customer, {name} gets
      “(customer)” behind the name.
    </p>
  );
}

function statusOf(found: FoundCustomers | undefined, asked: boolean): string {
  if (!found) return "";
  if (found.customers.length > 0) return "";
  return asked ? "QuickBooks has no such customer, active or inactive." : "Nobody known here fits. QuickBooks may know more.";
}

function detailsOf(one: FoundCustomer): string {
  const address = [one.street, one.postal_code].filter(Boolean).join(", ");
  return [
    one.active ? null : "Inactive; made active when chosen",
    one.job ? "A job of another customer" : null,
    one.company,
    one.email,
    one.phone,
    address,
    one.linked_to ? `Is ${one.linked_to} here` : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The arrows go along what was found; Escape closes. */
function walk(event: React.KeyboardEvent, list: HTMLUListElement | null, onClose: () => void): void {
  if (event.key === "Escape") {
    event.preventDefault();
    return onClose();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const buttons = [...(list?.querySelectorAll<HTMLElement>("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const next = buttons[event.key === "ArrowDown" ? Math.min(at + 1, buttons.length - 1) : Math.max(at - 1, 0)];
  if (!next) return;
  event.preventDefault();
  next.focus();
}
