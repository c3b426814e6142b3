/** One state's rule on deposits: what is sourced, and what the company makes of it. */

import { Button, Group, Modal, Radio, SegmentedControl, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { decimalText, parseMoney } from "../../words/money";
import { type DepositRule, type depositRulesQuery, dropDepositRule, type OwnRule, type RuleMode, setDepositRule } from "../data/law";
import { useMay } from "../data/session";
import { thousandthsOf } from "../editor/totals";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { capWords, MODES } from "./ruleWords";

type Rules = Awaited<ReturnType<NonNullable<typeof depositRulesQuery.queryFn>>>;
type RuleDialogProps = {
  state: string;
  rules: Pick<Rules, "items" | "without_rule">;
  onClose: () => void;
  onRemoved: (removed: { state: string; name: string; rule: OwnRule }) => void;
};

export function RuleDialog({ state, rules, onClose, onRemoved }: RuleDialogProps) {
  const rule = rules.items.find((each) => each.state === state);
  const name = rule?.name ?? rules.without_rule.find((each) => each.state === state)?.name;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={name ? `Deposits in ${name}` : "No such state"}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {name ? (
        <RuleForm
          state={state}
          rule={rule}
          onClose={onClose}
          onRemoved={(own) => {
            onRemoved({ state, name, rule: own });
            onClose();
          }}
        />
      ) : (
        <p>“{state}” is not the code of a state like CA.</p>
      )}
    </Modal>
  );
}

type RuleFormProps = {
  state: string;
  rule: DepositRule | undefined;
  onClose: () => void;
  onRemoved: (own: OwnRule) => void;
};

function RuleForm({ state, rule, onClose, onRemoved }: RuleFormProps) {
  const editable = useMay()("org:manage");
  const own = rule?.own_rule ?? null;
  const standard = rule?.standard ?? null;
  const [mode, setMode] = useState<RuleMode>(rule?.mode ?? "block");
  const [sourced, setSourced] = useState(standard !== null && (own?.percent ?? own?.amount_minor ?? null) === null);
  const [percent, setPercent] = useState(own?.percent ?? "");
  const [amount, setAmount] = useState(own?.amount_minor ? decimalText(own.amount_minor, "USD") : "");
  const [text, setText] = useState(own?.text ?? "");
  const [tried, setTried] = useState(false);
  const save = useAct(
    () =>
      setDepositRule(state, {
        mode,
        percent: sourced ? null : percent.trim() || null,
        amount_minor: sourced || !amount.trim() ? null : parseMoney(amount, "USD"),
        text: text.trim(),
      }),
    { refresh: ["deposit-rules", "proposals"], onDone: onClose },
  );
  const drop = useAct(() => dropDepositRule(state), {
    refresh: ["deposit-rules", "proposals"],
    onDone: () => own && onRemoved(own),
  });
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);
  const missing = {
    percent: !sourced && percent.trim() && !(thousandthsOf(percent) ?? 0) ? "A percentage like 10 or 33.333" : undefined,
    amount: !sourced && amount.trim() && (parseMoney(amount, "USD") ?? 0) <= 0 ? "An amount like 1000.00" : undefined,
    cap: !sourced && mode !== "off" && !percent.trim() && !amount.trim() ? "Give a percentage, an amount, or both." : undefined,
  };
  const failure = save.error ?? drop.error;
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!missing.percent && !missing.amount && !missing.cap) save.mutate();
      }}
    >
      <fieldset disabled={!editable} className="plain">
        <Stack gap="md">
          {standard && (
            <div>
              <p>{standard.scope}</p>
              <p className="quiet">
                {standard.source}, as of {standard.as_of}. {rule?.not_advice}
              </p>
            </div>
          )}
          {standard && (
            <Radio.Group label="The largest deposit" value={sourced ? "sourced" : "own"} onChange={(value) => setSourced(value === "sourced")}>
              <Stack gap="xs" mt="xs">
                <Radio value="sourced" label={`As sourced: ${capWords(standard)}`} />
                <Radio value="own" label="A cap of your own" />
              </Stack>
            </Radio.Group>
          )}
          {!sourced && (
            <Group align="start" grow>
              <TextInput
                label="Percent of the total"
                inputMode="decimal"
                placeholder="10"
                maxLength={7}
                value={percent}
                error={(tried && (missing.percent ?? missing.cap)) || wrong("percent")}
                onChange={(event) => setPercent(event.currentTarget.value)}
              />
              <TextInput
                label="Amount in USD"
                description="With both, the lesser holds"
                inputWrapperOrder={["label", "input", "description", "error"]}
                inputMode="decimal"
                placeholder="1000.00"
                maxLength={16}
                value={amount}
                error={(tried && missing.amount) || wrong("amount_minor")}
                onChange={(event) => setAmount(event.currentTarget.value)}
              />
            </Group>
          )}
          <div>
            <span className="field-name" id="rule-mode">
              When a deposit is above it
            </span>
            <SegmentedControl
              aria-labelledby="rule-mode"
              disabled={!editable}
              data={MODES.map(({ value, label }) => ({ value, label }))}
              value={mode}
              onChange={(value) => setMode(value as RuleMode)}
            />
          </div>
          <Textarea
            label="Your own explanation (optional)"
            description="Shown to the office instead of the sourced one"
            autosize
            minRows={2}
            maxRows={8}
            maxLength={2000}
            value={text}
            error={wrong("text")}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          {failure && <Failed problem={failure} />}
          {editable && (
            <Group justify="space-between">
              {own ? (
                <Button variant="subtle" loading={drop.isPending} onClick={() => drop.mutate()}>
                  {standard ? "Back to the sourced rule" : "Take the rule away"}
                </Button>
              ) : (
                <span />
              )}
              <Button type="submit" loading={save.isPending}>
                Save
              </Button>
            </Group>
          )}
        </Stack>
      </fieldset>
    </form>
  );
}
