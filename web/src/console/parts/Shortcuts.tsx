/** The keyboard: `g` and a letter goes somewhere, `/` searches everything, `f` finds in a list, `?` shows this list. */

import { Kbd, Modal, Table } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";

type Place = { to: string; label: string; key: string };

/** How long `g` waits for its letter. */
const GO_MILLISECONDS = 1_200;

const ELSEWHERE: [string[], string][] = [
  [["/"], "Search everything"],
  [["f"], "Find in the list"],
  [["j"], "Next row"],
  [["k"], "Row before"],
  [["Enter"], "Open the row"],
  [["n"], "New (proposal, lead or customer)"],
  [["?"], "Show this list"],
  [["Esc"], "Close"],
];

export function Shortcuts({ places }: { places: readonly Place[] }) {
  const [open, setOpen] = useState(false);
  const navigate = useNavigate();
  const goSince = useRef(0);

  useEffect(() => {
    const show = () => setOpen(true);
    const press = (event: KeyboardEvent) => {
      if (isTyping(event)) return;
      if (event.key === "?") return setOpen(true);
      if (event.key === "g") {
        goSince.current = Date.now();
        return;
      }
      const place = places.find((each) => each.key === event.key);
      if (place && Date.now() - goSince.current < GO_MILLISECONDS) {
        event.preventDefault();
        event.stopImmediatePropagation();
        void navigate({ to: place.to });
      }
      goSince.current = 0;
    };
    window.addEventListener("show-shortcuts", show);
    window.addEventListener("keydown", press, { capture: true });
    return () => {
      window.removeEventListener("show-shortcuts", show);
      window.removeEventListener("keydown", press, { capture: true });
    };
  }, [places, navigate]);

  return (
    <Modal opened={open} onClose={() => setOpen(false)} title="Keyboard shortcuts" closeButtonProps={{ "aria-label": "Close" }}>
      <Table withRowBorders={false} verticalSpacing={4}>
        <Table.Tbody>
          {[
            ...places.map((place): [string[], string] => [["g", place.key], `Go to ${place.label}`]),
            ...ELSEWHERE,
          ].map(([keys, words]) => (
            <Table.Tr key={words}>
              <Table.Td>{words}</Table.Td>
              <Table.Td ta="right">
                {keys.map((key) => (
                  <Kbd key={key} ml={4}>
                    {key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}

/** Returns whether a key press belongs to a field, a dialog or the browser rather than to a shortcut. */
export function isTyping(event: KeyboardEvent): boolean {
  return event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isInField(event);
}

/** Returns whether the key goes to a field, a dialog or a menu, which have uses of their own for it. */
export function isInField(event: KeyboardEvent): boolean {
  const target = event.target instanceof HTMLElement ? event.target : null;
  return target?.closest("input, textarea, select, [contenteditable], [role=dialog], [role=menu]") !== null && target !== null;
}
