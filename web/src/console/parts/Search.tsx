/** The search field of a list: `f` goes there, Escape leaves it. */

import { CloseButton, Kbd, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTyped } from "./Rows";
import { isTyping } from "./Shortcuts";

const LENGTH_MAX = 100;

type SearchProps = { label: string; value: string; onChange: (text: string) => void };

export function Search({ label, value, onChange }: SearchProps) {
  const field = useRef<HTMLInputElement>(null);
  const [here] = useState(() => window.location.pathname);
  const [text, setText] = useTyped(value, (settled) => {
    // A record that was opened meanwhile may still be loading; nobody wants to be called back from it.
    if (window.location.pathname === here) onChange(settled);
  });

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key !== "f" || isTyping(event)) return;
      event.preventDefault();
      field.current?.focus();
      field.current?.select();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);

  return (
    <TextInput
      ref={field}
      className="search"
      type="search"
      placeholder={label}
      aria-label={label}
      maxLength={LENGTH_MAX}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.preventDefault(); // browsers would empty the field
        event.currentTarget.blur();
      }}
      rightSection={
        text ? <CloseButton aria-label="Clear search" size="sm" onClick={() => setText("")} /> : <Kbd size="xs">f</Kbd>
      }
    />
  );
}
