/** What contract law asks of a proposal, as sourced data that the company can change. Not legal advice. */

import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { formatDay } from "../../words/dates";
import { type DepositRule, depositRulesQuery, type OwnRule, setDepositRule } from "../data/law";
import { wholeListing } from "../data/pages";
import { useMay } from "../data/session";
import { useAct } from "../parts/act";
import { Failed } from "../parts/Failed";
import { Block, Empty, Page } from "../parts/Page";
import { type Column, Rows } from "../parts/Rows";
import { Undo } from "../parts/Undo";
import { RightToCancel } from "./RightToCancel";
import { RuleDialog } from "./RuleDialog";
import { capWords, modeOf } from "./ruleWords";

const COLUMNS: Column<DepositRule>[] = [
  {
    name: "State",
    cell: (rule) => (
      <>
        {rule.name}
        <small>{rule.duty ?? rule.scope}</small>
      </>
    ),
  },
  { name: "Largest deposit", cell: (rule) => capWords(rule) },
  {
    name: "Above it",
    cell: (rule) => <span className={`pill ${modeOf(rule.mode).tone}`}>{modeOf(rule.mode).word}</span>,
  },
  {
    name: "Source",
    wideOnly: true,
    cell: (rule) => (
      <>
        {rule.source}
        {rule.as_of && <small>As of {formatDay(rule.as_of)}</small>}
      </>
    ),
  },
];

type Removed = { state: string; name: string; rule: OwnRule };

export function LawSettings() {
  const { state } = useSearch({ from: "/office/settings/law" });
  const navigate = useNavigate({ from: "/settings/law" });
  const may = useMay();
  const [removed, setRemoved] = useState<Removed | null>(null);
  const answer = useQuery(depositRulesQuery);
  const undo = useAct((before: Removed) => setDepositRule(before.state, before.rule), {
    refresh: ["deposit-rules"],
    onDone: () => setRemoved(null),
  });
  const open = (next: string | undefined) => void navigate({ search: { state: next } });
  return (
    <Page title="Contract law">
      <p className="notice amber">
        These are reminders from sourced data, not legal advice. Laws change: look the source up, or ask your lawyer.
      </p>
      <RightToCancel />
      {removed && (
        <Undo
          words={`Your own rule for ${removed.name} was taken away.`}
          busy={undo.isPending}
          onUndo={() => undo.mutate(removed)}
        />
      )}
      {undo.error && <Failed problem={undo.error} />}
      <Block
        title="Deposits by state"
        flush
        actions={
          may("org:manage") && (
            <Select
              size="xs"
              aria-label="Add a rule for another state"
              placeholder="Add a state"
              searchable
              nothingFoundMessage="It has a rule already, or is no state."
              data={(answer.data?.without_rule ?? []).map((each) => ({ value: each.state, label: each.name }))}
              value={null}
              onChange={(value) => value && open(value)}
            />
          )
        }
      >
        <p className="block-words">
          The state is that of the job’s address. What is above the cap is told in the editor and before sending.
        </p>
        <Rows
          label="Deposits by state"
          listing={wholeListing(answer, ({ items }) => items)}
          columns={COLUMNS}
          keyOf={(rule) => rule.state}
          href={(rule) => `/settings/law?state=${rule.state}`}
          empty={<Empty>No state has a rule.</Empty>}
        />
      </Block>
      {answer.data && state && (
        <RuleDialog
          key={state}
          state={state}
          rules={answer.data}
          onClose={() => open(undefined)}
          onRemoved={(rule) => setRemoved(rule)}
        />
      )}
    </Page>
  );
}
