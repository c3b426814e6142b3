/** Says which of Stripe's movements a document entered by hand stands for; for one that has none, how to enter it. */

import { Button, Checkbox, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { idempotencyKey } from "../../api/client";
import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import { movementWord } from "../../words/reconciliation";
import { type Line, matchableQuery, matchByHand, type Run, type RunDetail, runQuery } from "../data/reconciliation";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Journal } from "./Journal";
import { RecordBones } from "./RecordBones";
import { useCompare } from "./useCompare";

type Props = { line: Line; run: Run };

export function MatchByHand({ line, run }: Props) {
  const [open, setOpen] = useState(false);
  const document = line.cause === "by_hand";
  return (
    <>
      <Button variant="default" size="xs" onClick={() => setOpen(true)}>
        {document ? "Say what it is" : "Enter and match"}
      </Button>
      {open && (
        <Modal
          opened
          size="lg"
          onClose={() => setOpen(false)}
          title={document ? `What is ${line.document}?` : `${movementWord(line.kind)} of ${formatDay(line.day)}`}
          closeButtonProps={{ "aria-label": "Close" }}
        >
          <Matching line={line} run={run} onClose={() => setOpen(false)} />
        </Modal>
      )}
    </>
  );
}

function Matching({ line, run, onClose }: Props & { onClose: () => void }) {
  const lines = useQuery(matchableQuery(run.id));
  const detail = useQuery(runQuery(run.id));
  const problem = lines.error ?? detail.error;
  if (problem) return <Failed problem={problem} onRetry={() => void Promise.all([lines.refetch(), detail.refetch()])} />;
  if (!lines.data || !detail.data) return <RecordBones />;
  const same = lines.data.items.filter((one) => one.currency === line.currency);
  const documents = same.filter((one) => one.cause === "by_hand");
  const before = beforeOf(detail.data, line.currency);
  return line.cause === "by_hand" ? (
    <Choose document={line} movements={same.filter((one) => one.cause !== "by_hand")} before={before} run={run} onClose={onClose} />
  ) : (
    <EnterIt line={line} documents={documents} before={line.cause === "before" ? before : undefined} run={run} onClose={onClose} />
  );
}

/** All that moved before the first payment here: entered once, as one amount. */
type Before = { lines: number; minor: number };

function beforeOf(run: RunDetail, currency: string): Before | undefined {
  const found = run.figures.causes.find((one) => one.cause === "before" && one.currency === currency);
  return found && { lines: found.lines, minor: -found.difference_minor };
}

const minorOf = (line: Line) => line.stripe_minor ?? line.ours_minor ?? 0;

type ChooseProps = { document: Line; movements: Line[]; before: Before | undefined; run: Run; onClose: () => void };

/** From the document: which movements make its amount. */
function Choose({ document, movements, before, run, onClose }: ChooseProps) {
  const wanted = document.books_minor ?? 0;
  const single = movements.filter((one) => one.cause !== "before");
  const [chosen, setChosen] = useState<ReadonlySet<number>>(
    () => new Set(single.filter((one) => minorOf(one) === wanted).slice(0, 1).map((one) => one.position)),
  );
  const [all, setAll] = useState(before?.minor === wanted && chosen.size === 0);
  const sum =
    single.filter((one) => chosen.has(one.position)).reduce((total, one) => total + minorOf(one), 0) +
    (all && before ? before.minor : 0);
  const money = (minor: number) => formatMoney(minor, document.currency);
  if (single.length === 0 && !before) {
    return (
      <Text size="sm">
        {document.document} moved Stripe Clearing by {money(wanted)} on {formatDay(document.day)}, and every movement at Stripe has
        a document already. If it was entered by mistake, delete it in QuickBooks; then compare again.
      </Text>
    );
  }
  const toggle = (position: number) =>
    setChosen((now) => new Set(now.has(position) ? [...now].filter((one) => one !== position) : [...now, position]));
  return (
    <Stack gap="sm">
      <Text size="sm">
        It moved Stripe Clearing by {money(wanted)} on {formatDay(document.day)}. Choose the movements at Stripe that it stands for.
      </Text>
      <Stack gap={6} className="matchable">
        {single.map((one) => (
          <Checkbox
            key={one.position}
            label={`${movementWord(one.kind)}, ${formatDay(one.day)}, ${money(minorOf(one))}`}
            checked={chosen.has(one.position)}
            onChange={() => toggle(one.position)}
          />
        ))}
        {before && (
          <Checkbox
            label={`Everything before the first payment here: ${before.lines.toLocaleString("en-US")} movements, ${money(before.minor)}`}
            checked={all}
            onChange={(event) => setAll(event.currentTarget.checked)}
          />
        )}
      </Stack>
      <Text size="sm" role="status">
        {sum === wanted ? "The amounts are the same." : `Chosen: ${money(sum)} of ${money(wanted)}.`}
      </Text>
      <Match
        body={{ run_id: run.id, document: document.document ?? "", positions: [...chosen], everything_before: all }}
        disabled={sum !== wanted || (chosen.size === 0 && !all)}
        run={run}
        onClose={onClose}
      />
    </Stack>
  );
}

type EnterProps = { line: Line; documents: Line[]; before: Before | undefined; run: Run; onClose: () => void };

/** From the movement: the entry to make, and then the document that was made. */
function EnterIt({ line, documents, before, run, onClose }: EnterProps) {
  const minor = before?.minor ?? minorOf(line);
  const fitting = documents.find((one) => one.books_minor === minor);
  const [position, setPosition] = useState<string | null>(fitting ? String(fitting.position) : null);
  const chosen = documents.find((one) => String(one.position) === position);
  const again = useCompare(run);
  const money = (amount: number) => formatMoney(amount, line.currency);
  return (
    <Stack gap="sm">
      <Text size="sm">
        {before
          ? `${before.lines.toLocaleString("en-US")} movements from before the first payment here come to ${money(minor)}. Enter them once in QuickBooks, as a journal entry:`
          : `Enter it in QuickBooks as a journal entry of ${formatDay(line.day)}:`}
      </Text>
      <Journal label="Entry to make" currency={line.currency} documents={[entryOf(line, minor, before !== undefined)]} />
      {documents.length === 0 ? (
        <Group justify="space-between" gap="sm">
          <Text size="sm">Nothing was entered by hand up to the last comparison.</Text>
          <Button loading={again.isPending} onClick={() => again.mutate()}>
            I have entered it: compare again
          </Button>
        </Group>
      ) : (
        <>
          <Select
            label="Entered in QuickBooks as"
            placeholder="Choose a document"
            data={documents.map((one) => ({
              value: String(one.position),
              label: `${one.document}, ${formatDay(one.day)}, ${money(one.books_minor ?? 0)}`,
            }))}
            value={position}
            onChange={setPosition}
          />
          {chosen && chosen.books_minor !== minor && (
            <Text size="sm" role="status">
              {chosen.document} moved Stripe Clearing by {money(chosen.books_minor ?? 0)}, this is {money(minor)}. Where one document
              stands for several movements, begin at the document.
            </Text>
          )}
          <Match
            body={{
              run_id: run.id,
              document: chosen?.document ?? "",
              positions: before ? [] : [line.position],
              everything_before: before !== undefined,
            }}
            disabled={chosen?.books_minor !== minor}
            run={run}
            onClose={onClose}
          />
        </>
      )}
      {again.error && <Failed problem={again.error} />}
    </Stack>
  );
}

const OTHER_SIDE: Record<string, string> = {
  foreign_payment: "What was sold (income, or the customer's invoice)",
  foreign_fee: "Stripe Fees",
  fee: "Stripe Fees",
  account_fee: "Stripe Fees",
  payout: "Your bank",
};

function entryOf(line: Line, minor: number, opening: boolean) {
  const other = opening ? "Opening Balance Equity" : (OTHER_SIDE[line.kind] ?? "The account it belongs to");
  const [debit, credit] = minor > 0 ? ["Stripe Clearing", other] : [other, "Stripe Clearing"];
  const size = Math.abs(minor);
  return {
    entity: "JournalEntry",
    said: `Journal entry, ${formatDay(line.day)}`,
    entries: [
      { account: debit, debit_minor: size, credit_minor: 0 },
      { account: credit, debit_minor: 0, credit_minor: size },
    ],
  };
}

type MatchProps = { body: Parameters<typeof matchByHand>[1]; disabled: boolean; run: Run; onClose: () => void };

/** Matches, and compares again, so that the line is gone at once; the match can be taken back below. */
function Match({ body, disabled, run, onClose }: MatchProps) {
  const again = useCompare(run);
  const match = useAct(() => matchByHand(idempotencyKey(), body), {
    onDone: () => {
      onClose();
      again.mutate();
    },
  });
  return (
    <>
      {match.error && <Failed problem={match.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button loading={match.isPending} disabled={disabled} onClick={() => match.mutate()}>
          Match
        </Button>
      </Group>
    </>
  );
}
