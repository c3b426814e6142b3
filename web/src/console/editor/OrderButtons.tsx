/** Moves one of a list up or down, or takes it out; Alt with an arrow key does the same from any of its fields. */

import { ActionIcon, Group } from "@mantine/core";

type OrderButtonsProps = {
  /** What is moved, for who cannot see it: "line 2". */
  what: string;
  index: number;
  count: number;
  onMove: (step: -1 | 1) => void;
  onRemove: () => void;
};

export function OrderButtons({ what, index, count, onMove, onRemove }: OrderButtonsProps) {
  return (
    <Group gap={4} wrap="nowrap">
      {count > 1 && (
        <>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Move ${what} up`}
            title="Move up (Alt+↑)"
            disabled={index === 0}
            onClick={() => onMove(-1)}
          >
            ↑
          </ActionIcon>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Move ${what} down`}
            title="Move down (Alt+↓)"
            disabled={index === count - 1}
            onClick={() => onMove(1)}
          >
            ↓
          </ActionIcon>
        </>
      )}
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove ${what}`} title="Remove" onClick={onRemove}>
        ×
      </ActionIcon>
    </Group>
  );
}

/** Returns the list with one of its items a step further up or down; at the end it stays where it is. */
export function moved<T>(items: T[], index: number, step: -1 | 1): T[] {
  const to = index + step;
  const [here, there] = [items[index], items[to]];
  if (here === undefined || there === undefined) return items;
  return items.map((item, i) => (i === index ? there : i === to ? here : item));
}

/** Returns the handler of Alt+↑ and Alt+↓. */
export function orderKeys(onMove: (step: -1 | 1) => void) {
  return (event: React.KeyboardEvent) => {
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    onMove(event.key === "ArrowUp" ? -1 : 1);
  };
}
