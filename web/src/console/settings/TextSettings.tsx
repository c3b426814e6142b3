/** What a new proposal says: its language, how long it holds, and the company's texts in both languages. */

import { NumberInput, SegmentedControl, SimpleGrid, Textarea } from "@mantine/core";
import type { Org } from "../data/org";
import { useMay } from "../data/session";
import { OrgForm, OrgPage } from "./OrgForm";
import { useOrgForm } from "./useOrgForm";

const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "es", label: "Español" },
] as const;
const TEXT_MAX = 20_000;

type Values = Pick<Org, "language" | "default_introductions" | "default_terms"> & { days: number | string };

export function TextSettings() {
  return <OrgPage title="Proposal texts">{(org) => <Form org={org} />}</OrgPage>;
}

function Form({ org }: { org: Org }) {
  const editable = useMay()("org:manage");
  const form = useOrgForm(org, { valuesOf, bodyOf });
  const { values, set, wrong } = form;
  return (
    <OrgForm title="New proposals" form={form}>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <div>
          <span className="field-name" id="standard-language">
            Language
          </span>
          <SegmentedControl
            aria-labelledby="standard-language"
            disabled={!editable}
            data={[...LANGUAGES]}
            value={values.language}
            onChange={(language) => set({ language })}
          />
        </div>
        <NumberInput
          label="Valid for"
          suffix=" days"
          placeholder="No end date"
          min={1}
          max={365}
          allowDecimal={false}
          value={values.days}
          error={wrong("validity_days")}
          onChange={(days) => set({ days })}
        />
      </SimpleGrid>
      {LANGUAGES.map(({ value, label }) => (
        <SimpleGrid key={value} cols={{ base: 1, lg: 2 }} spacing="sm">
          <Textarea
            label={`Introduction, ${label}`}
            autosize
            minRows={3}
            maxRows={12}
            maxLength={TEXT_MAX}
            value={values.default_introductions[value] ?? ""}
            error={wrong(`default_introductions.${value}`)}
            onChange={(event) =>
              set({ default_introductions: { ...values.default_introductions, [value]: event.currentTarget.value } })
            }
          />
          <Textarea
            label={`Terms, ${label}`}
            autosize
            minRows={3}
            maxRows={12}
            maxLength={TEXT_MAX}
            value={values.default_terms[value] ?? ""}
            error={wrong(`default_terms.${value}`)}
            onChange={(event) => set({ default_terms: { ...values.default_terms, [value]: event.currentTarget.value } })}
          />
        </SimpleGrid>
      ))}
    </OrgForm>
  );
}

function valuesOf(org: Org): Values {
  return {
    language: org.language,
    days: org.validity_days ?? "",
    default_introductions: org.default_introductions,
    default_terms: org.default_terms,
  };
}

function bodyOf({ days, ...texts }: Values) {
  return { ...texts, validity_days: typeof days === "number" ? days : null };
}
