/** The form in which a proposal is written, with the total always beside it. */

import { Button, Group, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { orgQuery } from "../data/org";
import type { NewProposal } from "../data/proposals";
import { Failed } from "../parts/Failed";
import { Block } from "../parts/Page";
import { CustomerPicker } from "./CustomerPicker";
import { bodyOf, type Draft, type FieldErrors } from "./draft";
import { LinesEditor } from "./LinesEditor";
import { OptionsEditor } from "./OptionsEditor";
import { TotalCard } from "./TotalCard";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;

type ProposalEditorProps = {
  first: Draft;
  currency: string;
  saving: boolean;
  problem: Error | null;
  saveLabel: string;
  onSave: (body: NewProposal) => void;
};

export function ProposalEditor({ first, currency, saving, problem, saveLabel, onSave }: ProposalEditorProps) {
  const [draft, setDraft] = useState(first);
  const [tried, setTried] = useState(false);
  const [saved, setSaved] = useState(false);
  const org = useQuery(orgQuery);
  const standard = org.data?.deposit_percent ?? DEPOSIT_PERCENT;
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }));

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
            onChange={(lines) => change({ lines })}
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
            onChange={(options) => change({ options })}
          />
        </Block>
        <Block title="Terms">
          <Stack gap="sm">
            <Group align="end" gap="sm">
              <div>
                <span className="field-name" id="deposit-kind">
                  Deposit
                </span>
                <SegmentedControl
                  aria-labelledby="deposit-kind"
                  data={[
                    { value: "standard", label: `Standard (${standard} %)` },
                    { value: "percent", label: "Percent" },
                    { value: "amount", label: "Amount" },
                  ]}
                  value={draft.deposit.kind}
                  onChange={(kind) =>
                    change({ deposit: { kind: kind as Draft["deposit"]["kind"], value: draft.deposit.value } })
                  }
                />
              </div>
              {draft.deposit.kind !== "standard" && (
                <TextInput
                  label={draft.deposit.kind === "percent" ? "Percent of the total" : "Amount"}
                  inputMode="decimal"
                  value={draft.deposit.value}
                  maxLength={16}
                  error={errors["deposit"] ?? errors["deposit.percent"] ?? errors["deposit.amount_minor"]}
                  onChange={(event) =>
                    change({ deposit: { kind: draft.deposit.kind, value: event.currentTarget.value } })
                  }
                />
              )}
              <TextInput
                label="Valid until"
                type="date"
                value={draft.validUntil}
                error={errors["valid_until"]}
                onChange={(event) => change({ validUntil: event.currentTarget.value })}
              />
            </Group>
            <Textarea
              label="Terms the customer signs"
              autosize
              minRows={4}
              maxRows={24}
              value={draft.terms}
              maxLength={20_000}
              error={errors["terms"]}
              onChange={(event) => change({ terms: event.currentTarget.value })}
            />
          </Stack>
        </Block>
      </div>
      <aside className="editor-side">
        <TotalCard draft={draft} currency={currency} standard={standard} />
        {problem && <Failed problem={problem} />}
        {tried && !body && (
          <p className="notice amber" role="alert">
            Some fields need a second look; they are marked.
          </p>
        )}
        <Button type="submit" fullWidth size="md" loading={saving}>
          {saveLabel}
        </Button>
      </aside>
    </form>
  );
}
