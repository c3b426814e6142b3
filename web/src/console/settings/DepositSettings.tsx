/** How much deposit the company asks, and which tax a new line has. */

import { NumberInput, SimpleGrid, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { formatMoney } from "../../words/money";
import type { Org } from "../data/org";
import { OrgForm, OrgPage } from "./OrgForm";
import { useOrgForm } from "./useOrgForm";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;
const EXAMPLE_MINOR = 1_000_000;

type Values = { deposit: number | string; tax: string };

export function DepositSettings() {
  return <OrgPage title="Deposits and taxes">{(org) => <Form org={org} />}</OrgPage>;
}

function Form({ org }: { org: Org }) {
  const form = useOrgForm(org, { valuesOf, bodyOf });
  const { values, set, wrong } = form;
  const percent = typeof values.deposit === "number" ? values.deposit : DEPOSIT_PERCENT;
  return (
    <>
      <OrgForm title="What a new proposal asks" form={form}>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <NumberInput
            label="Standard deposit"
            description={`${formatMoney(Math.round((EXAMPLE_MINOR * percent) / 100), org.currency)} of ${formatMoney(EXAMPLE_MINOR, org.currency)}, unless a proposal says otherwise`}
            inputWrapperOrder={["label", "input", "description", "error"]}
            suffix=" %"
            min={1}
            max={100}
            allowDecimal={false}
            placeholder={`${DEPOSIT_PERCENT} %`}
            value={values.deposit}
            error={wrong("deposit_percent")}
            onChange={(deposit) => set({ deposit })}
          />
          <TextInput
            label="Tax % of a new line"
            description="Each line can have another; taxes are summed by rate and rounded once"
            inputWrapperOrder={["label", "input", "description", "error"]}
            inputMode="decimal"
            placeholder="0"
            value={values.tax}
            maxLength={7}
            error={wrong("default_tax_percent")}
            onChange={(event) => set({ tax: event.currentTarget.value })}
          />
        </SimpleGrid>
      </OrgForm>
      <p className="quiet">
        Some states limit deposits: <Link to="/settings/law">Contract law</Link> has their rules.
      </p>
    </>
  );
}

function valuesOf(org: Org): Values {
  return { deposit: org.deposit_percent ?? "", tax: org.default_tax_percent ?? "" };
}

function bodyOf({ deposit, tax }: Values) {
  return { deposit_percent: typeof deposit === "number" ? deposit : null, default_tax_percent: tax.trim() || null };
}
