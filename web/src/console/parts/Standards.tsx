/** What a new proposal begins with: language, validity, tax and the company's texts in both languages. */

import { Button, Group, NumberInput, SegmentedControl, SimpleGrid, Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Problem } from "../../api/problem";
import { changeOrg, type Org, orgQuery } from "../data/org";
import { useMay } from "../data/session";
import { useAct } from "./act";
import { Failed } from "./Failed";
import { Block } from "./Page";

const LANGUAGES = [
  { value: "en", label: "English" },
  { value: "es", label: "Español" },
] as const;

export function Standards() {
  const { data } = useQuery(orgQuery);
  return data ? <StandardsForm org={data} /> : <Skeleton h={320} />;
}

function StandardsForm({ org }: { org: Org }) {
  const editable = useMay()("org:manage");
  const [language, setLanguage] = useState(org.language);
  const [days, setDays] = useState<number | string>(org.validity_days ?? "");
  const [tax, setTax] = useState(org.default_tax_percent ?? "");
  const [introductions, setIntroductions] = useState(org.default_introductions);
  const [terms, setTerms] = useState(org.default_terms);
  const save = useAct(
    () =>
      changeOrg({
        language,
        validity_days: typeof days === "number" ? days : null,
        default_tax_percent: tax.trim() || null,
        default_introductions: introductions,
        default_terms: terms,
      }),
    { refresh: ["org"] },
  );
  const wrong = (field: string) => (save.error instanceof Problem ? save.error.field(field) : undefined);

  return (
    <Block title="New proposals">
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <fieldset disabled={!editable} className="plain">
          <Stack gap="sm">
            <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
              <div>
                <span className="field-name" id="standard-language">
                  Language
                </span>
                <SegmentedControl
                  aria-labelledby="standard-language"
                  disabled={!editable}
                  data={[...LANGUAGES]}
                  value={language}
                  onChange={setLanguage}
                />
              </div>
              <NumberInput
                label="Valid for"
                suffix=" days"
                placeholder="No end date"
                min={1}
                max={365}
                allowDecimal={false}
                value={days}
                error={wrong("validity_days")}
                onChange={setDays}
              />
              <TextInput
                label="Tax % of a new line"
                inputMode="decimal"
                placeholder="0"
                value={tax}
                maxLength={7}
                error={wrong("default_tax_percent")}
                onChange={(event) => setTax(event.currentTarget.value)}
              />
            </SimpleGrid>
            {LANGUAGES.map(({ value, label }) => (
              <SimpleGrid key={value} cols={{ base: 1, sm: 2 }} spacing="sm">
                <Textarea
                  label={`Introduction, ${label}`}
                  autosize
                  minRows={3}
                  maxRows={12}
                  maxLength={20_000}
                  value={introductions[value] ?? ""}
                  onChange={(event) => setIntroductions({ ...introductions, [value]: event.currentTarget.value })}
                />
                <Textarea
                  label={`Terms, ${label}`}
                  autosize
                  minRows={3}
                  maxRows={12}
                  maxLength={20_000}
                  value={terms[value] ?? ""}
                  onChange={(event) => setTerms({ ...terms, [value]: event.currentTarget.value })}
                />
              </SimpleGrid>
            ))}
            {save.error && <Failed problem={save.error} />}
            {editable && (
              <Group justify="flex-end">
                {save.isSuccess && <span role="status">Saved.</span>}
                <Button type="submit" loading={save.isPending}>
                  Save
                </Button>
              </Group>
            )}
          </Stack>
        </fieldset>
      </form>
    </Block>
  );
}
