/** The connection doctor: one button that says what is wrong, why it matters, and how to mend it. */

import { Button, Group, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { examine, type Finding } from "../data/doctor";
import { useMay } from "../data/session";
import { Failed } from "../parts/Failed";
import { Block, Empty } from "../parts/Page";

const WORDS: Record<Finding["state"], { word: string; tone: string }> = {
  wrong: { word: "Wrong", tone: "red" },
  warning: { word: "Look at this", tone: "amber" },
  unknown: { word: "Not known", tone: "neutral" },
  ok: { word: "Well", tone: "green" },
};
const SUMMARY: Record<Finding["state"], string> = {
  wrong: "Something is wrong. Mend it from the top down.",
  warning: "It works, but something deserves a look.",
  unknown: "What could be asked is well.",
  ok: "Everything is well.",
};
const ORDER = ["wrong", "warning", "unknown", "ok"] as const;

export function BooksDoctor() {
  const may = useMay();
  const examined = useMutation({ mutationFn: examine });
  const found = examined.data;
  return (
    <Block
      title="Connection doctor"
      actions={
        may("books:write") && (
          <Button size="xs" loading={examined.isPending} onClick={() => examined.mutate()}>
            {found ? "Examine again" : "Examine the connection"}
          </Button>
        )
      }
    >
      {examined.error && <Failed problem={examined.error} onRetry={() => examined.mutate()} />}
      <div role="status">{found && <p className="call-sentence">{SUMMARY[found.worst]}</p>}</div>
      {found ? (
        <ul className="needs" aria-label="Findings">
          {ORDER.flatMap((state) => found.findings.filter((one) => one.state === state)).map((one) => (
            <One key={one.check} finding={one} />
          ))}
        </ul>
      ) : (
        <Empty>
          It asks QuickBooks and Stripe about plan, permission, preferences, accounts, mapping, closing date, currency, webhooks
          and clocks, and changes nothing there. It costs four metered reads, eight where something is mapped by hand.
        </Empty>
      )}
    </Block>
  );
}

function One({ finding }: { finding: Finding }) {
  const { word, tone } = WORDS[finding.state];
  return (
    <li>
      <div className="need-words">
        <Group gap="xs">
          <strong>{sentenceCase(finding.check)}</strong>
          <span className={`pill ${tone}`}>{word}</span>
        </Group>
        <p>{finding.what}</p>
        {finding.why && (
          <Text size="sm" c="dimmed">
            Why it matters: {finding.why}
          </Text>
        )}
        {finding.mend && (
          <Text size="sm">
            How to mend it: {finding.mend} <Way mend={finding.mend} />
          </Text>
        )}
      </div>
    </li>
  );
}

const PLACES = {
  Overview: "/books",
  Mapping: "/books/mapping",
  Quota: "/books/quota",
} as const;

/** A link to the page that the advice names, where it is one of ours. */
function Way({ mend }: { mend: string }) {
  const name = (Object.keys(PLACES) as (keyof typeof PLACES)[]).find((place) => mend.includes(`Books > ${place}`));
  return name ? <Link to={PLACES[name]}>Open {name}</Link> : null;
}

function sentenceCase(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
