/** The form in which a template is written: a proposal's parts without customer and last day, and its own name. */

import { Button, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Problem } from "../../api/problem";
import type { Org } from "../data/org";
import type { Content } from "../data/templates";
import { type Draft, type FieldErrors, inLanguage } from "../editor/draft";
import { FilesEditor } from "../editor/FilesEditor";
import { LinesEditor } from "../editor/LinesEditor";
import { OptionsEditor } from "../editor/OptionsEditor";
import { TermsEditor } from "../editor/TermsEditor";
import { TotalCard } from "../editor/TotalCard";
import { takingOut, takingOutOf, useDraft } from "../editor/useDraft";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { Undo } from "../parts/Undo";
import { useUnsaved } from "../parts/useUnsaved";
import { contentOf } from "./templateDraft";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;
const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "es", label: "Español" },
];

type TemplateEditorProps = {
  name: string;
  first: Draft;
  before?: Content;
  org: Org;
  saving: boolean;
  problem: Error | null;
  onSave: (name: string, content: Content) => void;
};

export function TemplateEditor({ name: firstName, first, before, org, saving, problem, onSave }: TemplateEditorProps) {
  const { draft, change, remove, undo, removed } = useDraft(first);
  const [name, setName] = useState(firstName);
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const [waiting, setWaiting] = useState(0);
  const currency = before?.currency ?? org.currency;
  const standard = org.deposit_percent ?? DEPOSIT_PERCENT;
  const tax = org.default_tax_percent ?? "0";
  const { content, errors: own } = contentOf(draft, currency, org, before);
  const errors: FieldErrors = tried ? { ...own } : {};
  if (tried && !name.trim()) errors["name"] = "Name it, so that it is found.";
  if (problem instanceof Problem) {
    for (const { field, message } of problem.fields) errors[field.replace(/^(body\.)?(content\.)?/, "")] ??= message;
  }
  useUnsaved((draft !== first || name !== firstName) && !saved);
  if (saved && problem) setSaved(false);

  const save = (event: React.FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (!content || !name.trim()) {
      // After the errors are drawn, so that the first of them can be found.
      requestAnimationFrame(() => document.querySelector<HTMLElement>("form [aria-invalid=true]")?.focus());
      return;
    }
    setSaved(true);
    onSave(name.trim(), content);
  };

  return (
    <form onSubmit={save} noValidate className="editor">
      <div>
        <Block title="Template">
          <Stack gap="sm">
            <TextInput
              label="Name of the template"
              placeholder="Roof replacement, good, better, best"
              value={name}
              maxLength={200}
              error={errors["name"]}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <TextInput
              label="Title of the proposal"
              description="Can be changed when the template is used"
              inputWrapperOrder={["label", "input", "description", "error"]}
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
                onChange={(language) => change((now) => inLanguage(now, language as Draft["language"], org))}
              />
            </div>
            <Textarea
              label="Introduction"
              autosize
              minRows={2}
              maxRows={12}
              maxLength={20_000}
              value={draft.introduction}
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
              change((now) =>
                now.files.some(({ id }) => id === kept.id) || (kept.kind !== "photo" && kept.kind !== "attachment")
                  ? now
                  : { ...now, files: [...now.files, { ...kept, kind: kept.kind, caption: "" }] },
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
          dated={false}
          onChange={change}
          onRemoveMilestone={(milestone, index) => {
            const { without, back } = takingOut("milestones", milestone, index);
            remove(named(`Milestone ${index + 1}`, milestone.name), without, back);
          }}
        />
      </div>
      <aside className="editor-side">
        <TotalCard draft={draft} currency={currency} standard={standard} />
        {removed && <Undo words={`${removed} was removed.`} onUndo={undo} />}
        {problem && <Failed problem={problem} />}
        {tried && (!content || !name.trim()) && (
          <p className="notice amber" role="alert">
            Some fields need a second look; they are marked.
          </p>
        )}
        {waiting > 0 && <p className="notice neutral">Save once all files are here, or leave out those that failed.</p>}
        <Button type="submit" fullWidth size="md" loading={saving} disabled={waiting > 0}>
          Save template
        </Button>
      </aside>
    </form>
  );
}

function named(place: string, name: string): string {
  return name.trim() ? `${place}, ${name.trim()},` : place;
}
