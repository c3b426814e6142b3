/** The lines of a proposal, or of one of its options: add, fill in, put in order, remove. */

import { Box, Button, Checkbox, Group, Textarea, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import { formatMoney } from "../../words/money";
import { emptyLine, type FieldErrors, type LineDraft } from "./draft";
import { moved, OrderButtons, orderKeys } from "./OrderButtons";
import { lineAmount } from "./totals";

const LINES_MAX = 200;

type LinesEditorProps = {
  lines: LineDraft[];
  /** Where the lines stand in the proposal: `lines` or `options.0.lines`. */
  path: string;
  currency: string;
  errors: FieldErrors;
  /** The tax of a first line. */
  tax: string;
  /** Whether lines may be left to the customer; a change order is signed as a whole. */
  choices?: boolean;
  onChange: (lines: LineDraft[]) => void;
  /** A line was taken out and can be put back. */
  onRemove: (line: LineDraft, index: number) => void;
};

export function LinesEditor({ lines, path, currency, errors, tax, choices = true, onChange, onRemove }: LinesEditorProps) {
  const sections = useId();
  const change = (i: number, part: Partial<LineDraft>) =>
    onChange(lines.map((line, at) => (at === i ? { ...line, ...part } : line)));
  const last = lines.at(-1);
  return (
    <div className="lines-editor">
      {lines.map((line, i) => (
        <LineEditor
          key={line.key}
          line={line}
          number={i + 1}
          count={lines.length}
          at={`${path}.${i}`}
          sections={sections}
          currency={currency}
          errors={errors}
          choices={choices}
          onChange={(part) => change(i, part)}
          onMove={(step) => onChange(moved(lines, i, step))}
          onRemove={() => onRemove(line, i)}
        />
      ))}
      <datalist id={sections}>
        {[...new Set(lines.map(({ section }) => section.trim()))].filter(Boolean).map((section) => (
          <option key={section} value={section}>
            {section}
          </option>
        ))}
      </datalist>
      <Button
        variant="default"
        size="xs"
        disabled={lines.length >= LINES_MAX}
        onClick={() => onChange([...lines, emptyLine(last?.tax ?? tax, last?.section)])}
      >
        Add line
      </Button>
    </div>
  );
}

type LineEditorProps = {
  line: LineDraft;
  number: number;
  count: number;
  at: string;
  /** The id of the list of sections that there are. */
  sections: string;
  currency: string;
  errors: FieldErrors;
  choices: boolean;
  onChange: (part: Partial<LineDraft>) => void;
  onMove: (step: -1 | 1) => void;
  onRemove: () => void;
};

function LineEditor(props: LineEditorProps) {
  const { line, number, count, at, sections, currency, errors, choices, onChange, onMove, onRemove } = props;
  const amount = lineAmount(line, currency);
  const [opened, setOpened] = useState(false);
  const open = opened || Boolean(line.section || line.discount || line.optional);
  return (
    <Box component="fieldset" className="line-editor" onKeyDown={orderKeys(onMove)}>
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
      {open && (
        <LineExtras line={line} at={at} sections={sections} errors={errors} onChange={onChange} />
      )}
      <Group className="line-editor-acts" justify="space-between" gap="xs">
        {open ? (
          <LineTicks line={line} choices={choices} onChange={onChange} />
        ) : (
          <Button variant="subtle" size="compact-sm" onClick={() => setOpened(true)}>
            {choices ? "Section, discount, optional" : "Section, discount"}
          </Button>
        )}
        <OrderButtons what={`line ${number}`} index={number - 1} count={count} onMove={onMove} onRemove={onRemove} />
      </Group>
    </Box>
  );
}

type LineExtrasProps = Pick<LineEditorProps, "line" | "at" | "sections" | "errors" | "onChange">;

function LineExtras({ line, at, sections, errors, onChange }: LineExtrasProps) {
  return (
    <Group className="line-editor-words" gap="sm" align="start">
      <TextInput
        label="Section"
        placeholder="Roof"
        list={sections}
        value={line.section}
        maxLength={60}
        error={errors[`${at}.section`]}
        onChange={(event) => onChange({ section: event.currentTarget.value })}
      />
      <TextInput
        label="Discount"
        placeholder="5 % or 100.00"
        value={line.discount}
        maxLength={16}
        error={errors[`${at}.discount`] ?? errors[`${at}.discount_percent`] ?? errors[`${at}.discount_minor`]}
        onChange={(event) => onChange({ discount: event.currentTarget.value })}
      />
    </Group>
  );
}

function LineTicks({ line, choices, onChange }: Pick<LineEditorProps, "line" | "choices" | "onChange">) {
  if (!choices) return <span />;
  return (
    <Group gap="md">
      <Checkbox
        label="Optional: the customer decides"
        checked={line.optional}
        onChange={(event) =>
          onChange({ optional: event.currentTarget.checked, preselected: event.currentTarget.checked && line.preselected })
        }
      />
      {line.optional && (
        <Checkbox
          label="Ticked to begin with"
          checked={line.preselected}
          onChange={(event) => onChange({ preselected: event.currentTarget.checked })}
        />
      )}
    </Group>
  );
}
