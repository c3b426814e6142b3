/** The payments between deposit and final balance, each as a share of the total or an amount. */

import { Button, Group, TextInput } from "@mantine/core";
import { emptyMilestone, type FieldErrors, type MilestoneDraft } from "./draft";
import { moved, OrderButtons, orderKeys } from "./OrderButtons";

const MILESTONES_MAX = 10;

type MilestonesEditorProps = {
  milestones: MilestoneDraft[];
  errors: FieldErrors;
  onChange: (milestones: MilestoneDraft[]) => void;
  onRemove: (milestone: MilestoneDraft, index: number) => void;
};

export function MilestonesEditor({ milestones, errors, onChange, onRemove }: MilestonesEditorProps) {
  const change = (i: number, part: Partial<MilestoneDraft>) =>
    onChange(milestones.map((milestone, at) => (at === i ? { ...milestone, ...part } : milestone)));
  return (
    <div className="lines-editor">
      {milestones.map((milestone, i) => {
        const move = (step: -1 | 1) => onChange(moved(milestones, i, step));
        const at = `milestones.${i}`;
        return (
          <Group key={milestone.key} className="milestone-editor" align="start" gap="sm" onKeyDown={orderKeys(move)}>
            <TextInput
              className="grow"
              label={`Milestone ${i + 1}`}
              placeholder="Materials delivered"
              value={milestone.name}
              maxLength={200}
              error={errors[`${at}.name`]}
              onChange={(event) => change(i, { name: event.currentTarget.value })}
            />
            <TextInput
              label="Share or amount"
              placeholder="25 % or 1000.00"
              value={milestone.value}
              maxLength={16}
              error={errors[`${at}.value`] ?? errors[`${at}.percent`] ?? errors[`${at}.amount_minor`]}
              onChange={(event) => change(i, { value: event.currentTarget.value })}
            />
            <OrderButtons
              what={`milestone ${i + 1}`}
              index={i}
              count={milestones.length}
              onMove={move}
              onRemove={() => onRemove(milestone, i)}
            />
          </Group>
        );
      })}
      <Button
        variant="default"
        size="xs"
        disabled={milestones.length >= MILESTONES_MAX}
        onClick={() => onChange([...milestones, emptyMilestone()])}
      >
        Add milestone
      </Button>
    </div>
  );
}
