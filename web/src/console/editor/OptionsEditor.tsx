/** Good, better, best: options of which the customer chooses one. */

import { Button, Group, TextInput } from "@mantine/core";
import { emptyOption, type FieldErrors, type LineDraft, type OptionDraft } from "./draft";
import { LinesEditor } from "./LinesEditor";
import { moved, OrderButtons } from "./OrderButtons";

const OPTIONS_MAX = 6;
const NAMES = ["Good", "Better", "Best"];

type OptionsEditorProps = {
  options: OptionDraft[];
  currency: string;
  errors: FieldErrors;
  tax: string;
  onChange: (options: OptionDraft[]) => void;
  onRemove: (option: OptionDraft, index: number) => void;
  onRemoveLine: (option: OptionDraft, line: LineDraft, index: number) => void;
};

export function OptionsEditor({ options, currency, errors, tax, onChange, onRemove, onRemoveLine }: OptionsEditorProps) {
  const change = (i: number, part: Partial<OptionDraft>) =>
    onChange(options.map((option, at) => (at === i ? { ...option, ...part } : option)));
  return (
    <>
      {options.map((option, i) => (
        <div key={option.key} className="option-editor">
          <Group align="end" gap="xs" mb="xs">
            <TextInput
              label={`Option ${i + 1}`}
              value={option.name}
              maxLength={200}
              error={errors[`options.${i}.name`]}
              onChange={(event) => change(i, { name: event.currentTarget.value })}
            />
            <TextInput
              className="grow"
              label="In a sentence"
              value={option.description}
              error={errors[`options.${i}.description`]}
              onChange={(event) => change(i, { description: event.currentTarget.value })}
            />
            <OrderButtons
              what={`option ${i + 1}`}
              index={i}
              count={options.length}
              onMove={(step) => onChange(moved(options, i, step))}
              onRemove={() => onRemove(option, i)}
            />
          </Group>
          <LinesEditor
            lines={option.lines}
            path={`options.${i}.lines`}
            currency={currency}
            errors={errors}
            tax={tax}
            onChange={(lines) => change(i, { lines })}
            onRemove={(line, index) => onRemoveLine(option, line, index)}
          />
        </div>
      ))}
      <Button
        variant="default"
        size="xs"
        disabled={options.length >= OPTIONS_MAX}
        onClick={() =>
          onChange([...options, emptyOption(NAMES[options.length] ?? `Option ${options.length + 1}`, tax)])
        }
      >
        {options.length === 0 ? "Offer options to choose from" : "Add option"}
      </Button>
    </>
  );
}
