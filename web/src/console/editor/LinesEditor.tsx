/** The lines of a proposal, or of one of its options: add, fill in, remove. */

import { ActionIcon, Button, Textarea, TextInput } from "@mantine/core";
import { formatMoney } from "../../words/money";
import { emptyLine, type FieldErrors, lineAmount, type LineDraft } from "./draft";

const LINES_MAX = 200;

type LinesEditorProps = {
  lines: LineDraft[];
  /** Where the lines stand in the proposal: `lines` or `options.0.lines`. */
  path: string;
  currency: string;
  errors: FieldErrors;
  onChange: (lines: LineDraft[]) => void;
};

export function LinesEditor({ lines, path, currency, errors, onChange }: LinesEditorProps) {
  const change = (i: number, part: Partial<LineDraft>) =>
    onChange(lines.map((line, at) => (at === i ? { ...line, ...part } : line)));
  return (
    <div className="lines-editor">
      {lines.map((line, i) => (
        <LineEditor
          key={line.key}
          line={line}
          number={i + 1}
          at={`${path}.${i}`}
          currency={currency}
          errors={errors}
          onChange={(part) => change(i, part)}
          onRemove={() => onChange(lines.filter((_, at) => at !== i))}
        />
      ))}
      <Button
        variant="default"
        size="xs"
        disabled={lines.length >= LINES_MAX}
        onClick={() => onChange([...lines, emptyLine(lines.at(-1)?.tax)])}
      >
        Add line
      </Button>
    </div>
  );
}

type LineEditorProps = {
  line: LineDraft;
  number: number;
  at: string;
  currency: string;
  errors: FieldErrors;
  onChange: (part: Partial<LineDraft>) => void;
  onRemove: () => void;
};

function LineEditor({ line, number, at, currency, errors, onChange, onRemove }: LineEditorProps) {
  const amount = lineAmount(line, currency);
  return (
    <fieldset className="line-editor">
      <legend className="sr-only">Line {number}</legend>
      <TextInput
        className="line-editor-name"
        label="Item"
        value={line.name}
        maxLength={200}
        error={errors[`${at}.name`]}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <TextInput
        label="Quantity"
        inputMode="decimal"
        value={line.quantity}
        maxLength={12}
        error={errors[`${at}.quantity`]}
        onChange={(event) => onChange({ quantity: event.currentTarget.value })}
      />
      <TextInput
        label="Unit"
        placeholder="square"
        value={line.unit}
        maxLength={60}
        error={errors[`${at}.unit`]}
        onChange={(event) => onChange({ unit: event.currentTarget.value })}
      />
      <TextInput
        label="Unit price"
        inputMode="decimal"
        placeholder="0.00"
        value={line.price}
        maxLength={16}
        error={errors[`${at}.unit_price_minor`]}
        onChange={(event) => onChange({ price: event.currentTarget.value })}
        classNames={{ input: "right" }}
      />
      <TextInput
        label="Tax %"
        inputMode="decimal"
        value={line.tax}
        maxLength={7}
        error={errors[`${at}.tax_percent`]}
        onChange={(event) => onChange({ tax: event.currentTarget.value })}
        classNames={{ input: "right" }}
      />
      <output className="line-editor-amount" aria-label={`Amount of line ${number}`}>
        {amount === null ? "—" : formatMoney(amount, currency)}
      </output>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Remove line ${number}`} onClick={onRemove}>
        ×
      </ActionIcon>
      <Textarea
        className="line-editor-words"
        aria-label={`Description of line ${number}`}
        placeholder="Description (optional)"
        autosize
        minRows={1}
        maxRows={8}
        value={line.description}
        maxLength={20_000}
        error={errors[`${at}.description`]}
        onChange={(event) => onChange({ description: event.currentTarget.value })}
      />
    </fieldset>
  );
}
