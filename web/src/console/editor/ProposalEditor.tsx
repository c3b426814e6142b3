/** The form in which a proposal is written and saved by itself, with its total and the customer's page beside it. */

import { Button, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { customerQuery } from "../data/customers";
import { orgQuery } from "../data/org";
import { customersPageQuery, type Proposal } from "../data/proposals";
import { Block } from "../parts/Page";
import { CustomerPicker } from "./CustomerPicker";
import { bodyOf, type Draft, draftOf, type FieldErrors, inLanguage } from "./draft";
import { EditorNotices, SideNotices } from "./EditorNotices";
import { FilesEditor } from "./FilesEditor";
import { LinesEditor } from "./LinesEditor";
import { OptionsEditor } from "./OptionsEditor";
import { PreviewFrame } from "./PreviewFrame";
import type { Around } from "./previewOf";
import { SaveLine } from "./SaveLine";
import { TermsEditor } from "./TermsEditor";
import { TotalCard } from "./TotalCard";
import { useAutosave } from "./useAutosave";
import { takingOut, takingOutOf, useDraft } from "./useDraft";
import { useRestored } from "./useRestored";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;
const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "es", label: "Español" },
];

type ProposalEditorProps = {
  /** What is stored, or what a new proposal begins with. */
  saved: Draft;
  /** The stored proposal; null for a new one. */
  stored: Proposal | null;
  currency: string;
  /** A new proposal has been stored for the first time. */
  onMade?: (proposal: Proposal) => void;
  /** All is stored, and the person is done. */
  onDone: (proposal: Proposal) => void;
};

export function ProposalEditor({ saved, stored, currency, onMade, onDone }: ProposalEditorProps) {
  const restored = useRestored(saved, stored?.id ?? null, stored?.revision ?? null);
  const { draft, change, remove, undo, removed } = useDraft(restored.first);
  const [adopted, setAdopted] = useState<Proposal | null>(null);
  const [tried, setTried] = useState(false);
  const [finishing, setFinishing] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const [shown, setShown] = useState("write");
  const org = useQuery(orgQuery).data;
  const standard = org?.deposit_percent ?? DEPOSIT_PERCENT;
  const tax = org?.default_tax_percent ?? "0";

  const adopt = useCallback(
    (theirs: Proposal) => {
      change(() => draftOf(theirs));
      setAdopted(theirs);
    },
    // `change` only sets state.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [],
  );
  const autosave = useAutosave({ draft, currency, first: restored.stored, adopt, onMade: (made) => onMade?.(made) });
  const { saving } = autosave;
  const around = useAround(draft, currency, standard, autosave.id, autosave.revision);

  useBlocker({
    shouldBlockFn: () =>
      autosave.dirty && !autosave.kept && !window.confirm("Leave without saving? What you typed would be lost."),
    enableBeforeUnload: () => autosave.dirty && !autosave.kept,
  });

  const { body, errors: own } = bodyOf(draft, currency);
  const errors: FieldErrors = tried ? { ...own } : {};
  if (saving.state === "refused") {
    for (const { field, message } of saving.problem.fields) errors[field.replace(/^body\./, "")] ??= message;
  }
  const finish = async (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!body) {
      // After the errors are drawn, so that the first of them can be found.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus());
      return;
    }
    setFinishing(true);
    const done = await autosave.finish();
    setFinishing(false);
    if (done) onDone(done);
  };
  /** Swaps whole drafts; the one that goes can be brought back. */
  const swap = (next: Draft, words: string) => remove(words, () => next, () => draft);

  return (
    <form onSubmit={finish} noValidate className="editor" data-shown={shown}>
      <SegmentedControl
        className="editor-switch"
        fullWidth
        aria-label="Write or preview"
        data={[
          { value: "write", label: "Write" },
          { value: "preview", label: "Preview" },
        ]}
        value={shown}
        onChange={setShown}
      />
      <div className="editor-form">
        <EditorNotices
          draft={draft}
          around={around}
          saved={saved}
          restored={restored}
          adopted={adopted}
          autosave={autosave}
          swap={swap}
          remove={remove}
        />
        <Block title="Job">
          <Stack gap="sm">
            <CustomerPicker
              value={draft.customerId}
              error={errors["customer_id"]}
              onChange={(customerId) => change({ customerId })}
            />
            <TextInput
              label="Title"
              placeholder="Roof replacement, 412 Aspen Court"
              value={draft.title}
              maxLength={200}
              error={errors["title"]}
              onChange={(event) => change({ title: event.currentTarget.value })}
            />
            <div>
              <span className="field-name" id="language">
                Language of the customer's page and contract
              </span>
              <SegmentedControl
                aria-labelledby="language"
                data={LANGUAGES}
                value={draft.language}
                onChange={(language) => change((before) => inLanguage(before, language as Draft["language"], org))}
              />
            </div>
            <Textarea
              label="Introduction"
              description="A few personal sentences above the prices"
              autosize
              minRows={2}
              maxRows={12}
              value={draft.introduction}
              maxLength={20_000}
              error={errors["introduction"]}
              onChange={(event) => change({ introduction: event.currentTarget.value })}
            />
          </Stack>
        </Block>
        <Block title={draft.options.length > 0 ? "In every option" : "Lines"}>
          <LinesEditor
            lines={draft.lines}
            path="lines"
            currency={currency}
            errors={errors}
            tax={tax}
            onChange={(lines) => change({ lines })}
            onRemove={(line, index) => {
              const { without, back } = takingOut("lines", line, index);
              remove(named(`Line ${index + 1}`, line.name), without, back);
            }}
          />
          {errors["lines"] && (
            <p className="wrong" role="alert">
              {errors["lines"]}
            </p>
          )}
        </Block>
        <Block title="Options">
          <OptionsEditor
            options={draft.options}
            currency={currency}
            errors={errors}
            tax={tax}
            onChange={(options) => change({ options })}
            onRemove={(option, index) => {
              const { without, back } = takingOut("options", option, index);
              remove(named(`Option ${index + 1}`, option.name), without, back);
            }}
            onRemoveLine={(option, line, index) => {
              const { without, back } = takingOutOf(option, line, index);
              remove(named(`Line ${index + 1}`, line.name), without, back);
            }}
          />
        </Block>
        <Block title="Photos and papers">
          <FilesEditor
            files={draft.files}
            errors={errors}
            onChange={(files) => change({ files })}
            onAdd={(kept) =>
              change((before) =>
                // The same picture again is the same file, which a proposal shows once.
                before.files.some(({ id }) => id === kept.id) || (kept.kind !== "photo" && kept.kind !== "attachment")
                  ? before
                  : { ...before, files: [...before.files, { ...kept, kind: kept.kind, caption: "" }] },
              )
            }
            onRemove={(file, index) => {
              const { without, back } = takingOut("files", file, index);
              remove(file.name, without, back);
            }}
            onWaiting={setWaiting}
          />
        </Block>
        <TermsEditor
          draft={draft}
          standard={standard}
          errors={errors}
          onChange={change}
          onRemoveMilestone={(milestone, index) => {
            const { without, back } = takingOut("milestones", milestone, index);
            remove(named(`Milestone ${index + 1}`, milestone.name), without, back);
          }}
        />
      </div>
      <aside className="editor-side">
        <TotalCard draft={draft} currency={currency} standard={standard} />
        <SideNotices removed={removed} undo={undo} unfinished={tried && !body} waiting={waiting} />
        <SaveLine
          saving={saving}
          savedAt={autosave.savedAt}
          kept={autosave.kept}
          onRetry={() => void autosave.save()}
          onBegin={autosave.begin}
        />
        <Button type="submit" fullWidth size="md" loading={finishing} disabled={waiting > 0 || saving.state === "meanwhile"}>
          Save draft
        </Button>
        {around && <PreviewFrame draft={draft} around={around} />}
      </aside>
    </form>
  );
}

function named(place: string, name: string): string {
  return name.trim() ? `${place}, ${name.trim()},` : place;
}

/** What the customer's page shows besides the draft; null until it is known. */
function useAround(
  draft: Draft,
  currency: string,
  standard: number,
  id: number | null,
  revision: number | null,
): Around | null {
  const org = useQuery(orgQuery).data;
  const customer = useQuery({ ...customerQuery(draft.customerId ?? 0), enabled: draft.customerId !== null }).data;
  const page = useQuery({
    ...customersPageQuery(id ?? 0, revision ?? 0),
    enabled: id !== null && revision !== null,
    placeholderData: (before) => before,
  }).data;
  const name = customer?.name ?? "";
  return useMemo(
    () => (org ? { currency, standard, org, customer: name, stored: page ?? null } : null),
    [org, currency, standard, name, page],
  );
}
