/** A page's head: where it belongs, its title, and what can be done. */

import { Group, Text, Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useEffect } from "react";

type PageProps = {
  title: string;
  /** The list that this record is part of. */
  parent?: { to: string; label: string };
  beside?: React.ReactNode;
  actions?: React.ReactNode;
  children: React.ReactNode;
};

export function Page({ title, parent, beside, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · PeakPro CRM`;
  }, [title]);
  return (
    <>
      <header className="page-head">
        {parent && (
          <Text size="sm" mb={2}>
            <Link to={parent.to} className="quiet-link">
              ← {parent.label}
            </Link>
          </Text>
        )}
        <Group justify="space-between" align="center" gap="sm">
          <Group gap="sm" align="center">
            <Title order={1} size="h2" className="page-title">
              {title}
            </Title>
            {beside}
          </Group>
          {actions && <Group gap="xs">{actions}</Group>}
        </Group>
      </header>
      {children}
    </>
  );
}

/** One block of a page, with its own heading. */
export function Block({
  title,
  actions,
  children,
  flush = false,
  acts = false,
}: {
  title: string;
  actions?: React.ReactNode;
  children: React.ReactNode;
  /** The content reaches the block's edges, as tables do. */
  flush?: boolean;
  /** Holds what a person does next: comes first where there is room for one column only. */
  acts?: boolean;
}) {
  return (
    <section className={["block", flush && "flush", acts && "acts"].filter(Boolean).join(" ")} aria-label={title}>
      <Group justify="space-between" className="block-head" gap="xs">
        <Title order={2} size="h5">
          {title}
        </Title>
        {actions}
      </Group>
      {children}
    </section>
  );
}

/** Names and values under each other. */
export function Facts({ facts }: { facts: [string, React.ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** An empty list teaches: what will appear here, and the first step. */
export function Empty({ children, action }: { children: React.ReactNode; action?: React.ReactNode }) {
  return (
    <div className="empty">
      <Text c="dimmed">{children}</Text>
      {action}
    </div>
  );
}
