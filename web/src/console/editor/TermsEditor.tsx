/** How it is paid, how long it holds, in which language, and what is signed. */

import { Group, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { Block } from "../parts/Page";
import type { DepositDraft, Draft, FieldErrors, MilestoneDraft } from "./draft";
import { MilestonesEditor } from "./MilestonesEditor";

type TermsEditorProps = {
  draft: Draft;
  /** The company's deposit, in percent. */
  standard: number;
  errors: FieldErrors;
  /** Whether it ends on a day; a template does not. */
  dated?: boolean;
  onChange: (part: Partial<Draft>) => void;
  onRemoveMilestone: (milestone: MilestoneDraft, index: number) => void;
};

export function TermsEditor({ draft, standard, errors, dated = true, onChange, onRemoveMilestone }: TermsEditorProps) {
  return (
    <>
      <Block title="Payments">
        <Stack gap="md">
          <DepositEditor
            deposit={draft.deposit}
            standard={standard}
            errors={errors}
            onChange={(deposit) => onChange({ deposit })}
          />
          <MilestonesEditor
            milestones={draft.milestones}
            errors={errors}
            onChange={(milestones) => onChange({ milestones })}
            onRemove={onRemoveMilestone}
          />
          {errors["milestones"] && (
            <p className="wrong" role="alert">
              {errors["milestones"]}
            </p>
          )}
        </Stack>
      </Block>
      <Block title="Terms">
        <Stack gap="sm">
          {dated && (
            <TextInput
              label="Valid until"
              type="date"
              maw="12rem"
              value={draft.validUntil}
              error={errors["valid_until"]}
              onChange={(event) => onChange({ validUntil: event.currentTarget.value })}
            />
          )}
          <Textarea
            label="Terms the customer signs"
            autosize
            minRows={4}
            maxRows={24}
            value={draft.terms}
            maxLength={20_000}
            error={errors["terms"]}
            onChange={(event) => onChange({ terms: event.currentTarget.value })}
          />
        </Stack>
      </Block>
    </>
  );
}

type DepositEditorProps = {
  deposit: DepositDraft;
  standard: number;
  errors: FieldErrors;
  onChange: (deposit: DepositDraft) => void;
};

function DepositEditor({ deposit, standard, errors, onChange }: DepositEditorProps) {
  return (
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
          value={deposit.kind}
          onChange={(kind) => onChange({ kind: kind as DepositDraft["kind"], value: deposit.value })}
        />
      </div>
      {deposit.kind !== "standard" && (
        <TextInput
          label={deposit.kind === "percent" ? "Percent of the total" : "Amount"}
          inputMode="decimal"
          value={deposit.value}
          maxLength={16}
          error={errors["deposit"] ?? errors["deposit.percent"] ?? errors["deposit.amount_minor"]}
          onChange={(event) => onChange({ kind: deposit.kind, value: event.currentTarget.value })}
        />
      )}
    </Group>
  );
}
