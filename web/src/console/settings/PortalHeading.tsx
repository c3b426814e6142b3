/** The head of the customer's page as it will look, by day and by night, in the colour that is being chosen. */

import { accentOf } from "../../look/accent";
import { formatMoney } from "../../words/money";
import { fileAddress } from "../data/files";
import type { Org } from "../data/org";

const EXAMPLE_MINOR = 472_500;

export function PortalHeading({ org, color }: { org: Org; color: string }) {
  return (
    <div className="portal-previews">
      <Preview org={org} color={color} scheme="light" label="The customer’s page by day" />
      <Preview org={org} color={color} scheme="dark" label="The customer’s page by night" />
    </div>
  );
}

type PreviewProps = { org: Org; color: string; scheme: "light" | "dark"; label: string };

function Preview({ org, color, scheme, label }: PreviewProps) {
  const { fill, onLight, onDark } = accentOf(color);
  return (
    <figure className={`portal-preview ${scheme}`} aria-label={label}>
      <div className="portal-preview-top">
        {org.logo_file_id ? (
          <img src={fileAddress(org.logo_file_id)} alt="" />
        ) : (
          <span className="monogram" style={{ background: fill }} aria-hidden="true">
            {org.name.slice(0, 1)}
          </span>
        )}
        <strong>{org.name}</strong>
      </div>
      <div className="portal-preview-body">
        <span>Deposit</span>
        <strong className="amount">{formatMoney(EXAMPLE_MINOR, org.currency)}</strong>
        <span className="portal-preview-button" style={{ background: fill }}>
          Pay deposit
        </span>
        <span className="portal-preview-link" style={{ color: scheme === "light" ? onLight : onDark }}>
          Terms and conditions
        </span>
      </div>
    </figure>
  );
}
