/** How the company looks to its customers: logo and colour, with what becomes of them where they are hard to read. */

import { ColorInput, Group } from "@mantine/core";
import { DEFAULT_ACCENT } from "../../look/accent";
import type { Org } from "../data/org";
import { COLOR, ColorCheck } from "./ColorCheck";
import { LogoField } from "./LogoField";
import { OrgForm, OrgPage } from "./OrgForm";
import { PortalHeading } from "./PortalHeading";
import { useOrgForm } from "./useOrgForm";

/** From the field's palette: colours that trades use, each readable as it is. */
const SWATCHES = ["#1b4f8f", "#0f6b5c", "#2f6b1f", "#8a4b08", "#a32020", "#6b2d8f", "#334155"];

type Values = { color: string };

export function BrandingSettings() {
  return <OrgPage title="Branding">{(org) => <Branding org={org} />}</OrgPage>;
}

function Branding({ org }: { org: Org }) {
  const form = useOrgForm(org, { valuesOf, bodyOf });
  const { values, set, wrong } = form;
  return (
    <>
      <LogoField org={org} />
      <OrgForm title="Colour" form={form}>
        <Group align="end" gap="sm">
          <ColorInput
            label="Colour"
            description="For buttons and links on the customer’s page, in mails and on papers"
            placeholder={DEFAULT_ACCENT}
            format="hex"
            swatches={SWATCHES}
            // Its sliders have no names; the browser's own picker beside it has.
            withPicker={false}
            withEyeDropper={false}
            w="20rem"
            value={values.color}
            error={wrong("brand_color")}
            onChange={(color) => set({ color })}
          />
          <input
            type="color"
            className="color-picker"
            aria-label="Palette of the system"
            value={COLOR.test(values.color) ? values.color : DEFAULT_ACCENT}
            onChange={(event) => set({ color: event.currentTarget.value })}
          />
        </Group>
        <ColorCheck color={values.color} />
        <PortalHeading org={org} color={values.color} />
      </OrgForm>
    </>
  );
}

function valuesOf(org: Org): Values {
  return { color: org.brand_color ?? "" };
}

function bodyOf({ color }: Values) {
  return { brand_color: color.trim() || null };
}
