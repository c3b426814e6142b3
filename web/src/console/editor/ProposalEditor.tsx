/** The form in which a proposal is written, with total and payments always beside it. */

import { Button, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { orgQuery } from "../data/org";
import type { NewProposal } from "../data/proposals";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { CustomerPicker } from "./CustomerPicker";
import { bodyOf, type Draft, type FieldErrors, inLanguage } from "./draft";
import { FilesEditor } from "./FilesEditor";
import { LinesEditor } from "./LinesEditor";
import { OptionsEditor } from "./OptionsEditor";
import { TermsEditor } from "./TermsEditor";
import { TotalCard } from "./TotalCard";
import { takingOut, takingOutOf, useDraft } from "./useDraft";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;
const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "es", label: "Español" },
];

type ProposalEditorProps = {
  first: Draft;
  currency: string;
  saving: boolean;
  problem: Error | null;
  saveLabel: string;
  onSave: (body: NewProposal) => void;
};

export function ProposalEditor({ first, currency, saving, problem, saveLabel, onSave }: ProposalEditorProps) {
  const { draft, change, remove, undo, removed } = useDraft(first);
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const org = useQuery(orgQuery).data;
  const standard = org?.deposit_percent ?? DEPOSIT_PERCENT;
  const tax = org?.default_tax_percent ?? "0";

  useBlocker({
    shouldBlockFn: () =>
      draft !== first && !saved && !window.confirm("Leave without saving? What you typed would be lost."),
    enableBeforeUnload: () => draft !== first && !saved,
  });

  const { body, errors: own } = bodyOf(draft, currency);
  const errors: FieldErrors = tried ? own : {};
  if (problem instanceof Problem) {
    for (const { field, message } of problem.fields) errors[field.replace(/^body\./, "")] ??= message;
  }
  const save = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!body) {
      // After the errors are drawn, so that the first of them can be found.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus());
      return;
    }
    setSaved(true);
    onSave(body);
  };
  if (saved && problem) setSaved(false);

  return (
    <form onSubmit={save} noValidate className="editor">
      <div>
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
        {removed && (
          <div className="notice neutral undo" role="status">
            <span>{removed} was removed.</span>
            <Button key={removed} variant="default" size="xs" onClick={undo} autoFocus title="Ctrl+Z">
              Undo
            </Button>
          </div>
        )}
        {problem && <Failed problem={problem} />}
        {tried && !body && (
          <p className="notice amber" role="alert">
            Some fields need a second look; they are marked.
          </p>
        )}
        {waiting > 0 && <p className="notice neutral">Save once all files are here, or leave out those that failed.</p>}
        <Button type="submit" fullWidth size="md" loading={saving} disabled={waiting > 0}>
          {saveLabel}
        </Button>
      </aside>
    </form>
  );
}

function named(place: string, name: string): string {
  return name.trim() ? `${place}, ${name.trim()},` : place;
}
