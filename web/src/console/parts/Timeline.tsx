/** What happened, newest first, each with its time and who did it. */

import { Skeleton } from "@mantine/core";
import type { Activity } from "../data/books";
import { Ago } from "./Money";
import { Empty } from "./Page";

export function Timeline({ items }: { items: Activity[] | undefined }) {
  if (!items) return <Skeleton h={120} />;
  if (items.length === 0) return <Empty>Every view, signature, payment and posting will be listed here.</Empty>;
  return (
    <ol className="timeline">
      {items.map((item) => (
        <li key={item.id} className={`event-${item.event}`}>
          <span>{item.sentence}</span>
          <small>
            <Ago at={item.created_at} /> · {item.who}
          </small>
        </li>
      ))}
    </ol>
  );
}
