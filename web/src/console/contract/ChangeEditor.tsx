/** Writes a change order: what changes and why, with its effect on price and payments always beside it. */

import { Button, Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { type ChangeBody, foreseenQuery } from "../data/contract";
import type { Proposal } from "../data/proposals";
import type { FieldErrors, LineDraft } from "../editor/draft";
import { LinesEditor } from "../editor/LinesEditor";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { Undo } from "../parts/Undo";
import { useUnsaved } from "../parts/useUnsaved";
import { changeBodyOf, type ChangeDraft } from "./changeDraft";
import { Effect } from "./Effect";

const SETTLED_MILLISECONDS = 300;

type ChangeEditorProps = {
  proposal: Proposal;
  first: ChangeDraft;
  tax: string;
  saving: boolean;
  problem: Error | null;
  /** `send`: the person wants to send it once it is saved. */
  onSave: (body: ChangeBody, send: boolean) => void;
};

export function ChangeEditor({ proposal, first, tax, saving, problem, onSave }: ChangeEditorProps) {
  const { currency } = proposal;
  const [draft, setDraft] = useState(first);
  const [removed, setRemoved] = useState<{ line: LineDraft; index: number } | null>(null);
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const set = (part: Partial<ChangeDraft>) => setDraft((before) => ({ ...before, ...part }));
  const { body, errors: own } = changeBodyOf(draft, currency);
  const errors: FieldErrors = tried ? { ...own } : {};
  if (problem instanceof Problem) {
    for (const { field, message } of problem.fields) errors[field.replace(/^body\./, "")] ??= message;
  }
  useUnsaved(draft !== first && !saved);
  if (saved && problem) setSaved(false);

  const save = (send: boolean) => {
    setTried(true);
    if (!body) {
      // After the errors are drawn, so that the first of them can be found.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus());
      return;
    }
    setSaved(true);
    onSave(body, send);
  };

  return (
    <form
      noValidate
      className="editor"
      onSubmit={(event) => {
        event.preventDefault();
        save(false);
      }}
    >
      <div>
        <Block title="What changes">
          <Stack gap="sm">
            <TextInput
              label="Title"
              placeholder="Two more skylights"
              maxLength={200}
              value={draft.title}
              error={errors["title"]}
              onChange={(event) => set({ title: event.currentTarget.value })}
            />
            <Textarea
              label="Reason"
              description="The customer reads it above the price"
              autosize
              minRows={2}
              maxRows={12}
              maxLength={20_000}
              value={draft.reason}
              error={errors["reason"]}
              onChange={(event) => set({ reason: event.currentTarget.value })}
            />
          </Stack>
        </Block>
        <Block title="Lines">
          <p className="quiet change-hint">A price below zero is a credit: −250.00 takes something off.</p>
          <LinesEditor
            lines={draft.lines}
            path="lines"
            currency={currency}
            errors={errors}
            tax={tax}
            choices={false}
            onChange={(lines) => set({ lines })}
            onRemove={(line, index) => {
              setRemoved({ line, index });
              set({ lines: draft.lines.filter((each) => each !== line) });
            }}
          />
          {errors["lines"] && (
            <p className="wrong" role="alert">
              {errors["lines"]}
            </p>
          )}
        </Block>
      </div>
      <aside className="editor-side">
        <Foreseen proposalId={proposal.id} body={body} />
        {removed && (
          <Undo
            words={`Line ${removed.index + 1} was removed.`}
            onUndo={() => {
              set({ lines: draft.lines.toSpliced(Math.min(removed.index, draft.lines.length), 0, removed.line) });
              setRemoved(null);
            }}
          />
        )}
        {problem && <Failed problem={problem} />}
        {tried && !body && (
          <p className="notice amber" role="alert">
            Some fields need a second look; they are marked.
          </p>
        )}
        <Stack gap="xs">
          <Button size="md" loading={saving} onClick={() => save(true)}>
            Send to customer
          </Button>
          <Button type="submit" variant="default" size="md" loading={saving}>
            Save draft
          </Button>
        </Stack>
      </aside>
    </form>
  );
}

function Foreseen({ proposalId, body }: { proposalId: number; body: ChangeBody | undefined }) {
  const [asked] = useDebouncedValue(JSON.stringify(body ?? null), SETTLED_MILLISECONDS);
  const change = JSON.parse(asked) as ChangeBody | null;
  const { data, error } = useQuery({
    ...foreseenQuery(proposalId, change ?? { title: "", reason: "", lines: [] }),
    enabled: change !== null,
  });
  return (
    <section className="block" aria-label="What it does" aria-live="polite">
      {change === null ? (
        <p className="quiet">What it does to price and payments appears here as soon as title and prices are filled in.</p>
      ) : error ? (
        <Failed problem={error} />
      ) : data ? (
        <Effect effect={data} />
      ) : (
        <Skeleton h={160} aria-busy="true" />
      )}
    </section>
  );
}
