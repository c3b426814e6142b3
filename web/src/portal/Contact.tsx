/** How to reach the contractor: always at the foot of the page. */

import type { PortalView } from "./view";
import { useWords } from "./words";

export function Contact({ contractor }: { contractor: PortalView["contractor"] }) {
  const { t } = useWords();
  const address = addressText(contractor.address);
  return (
    <footer className="contact">
      <h2>{t.contact}</h2>
      <p>
        <strong>{contractor.name}</strong>
        {address && <> · {address}</>}
        {contractor.licence_number && <> · {t.licence(contractor.licence_number)}</>}
      </p>
      <p className="contact-links">
        {contractor.phone && (
          <a className="secondary" href={`tel:${contractor.phone.replaceAll(/[^+\d]/g, "")}`}>
            {t.call(contractor.phone)}
          </a>
        )}
        {contractor.email && (
          <a className="secondary" href={`mailto:${contractor.email}`}>
            {t.write}
          </a>
        )}
        {contractor.website && (
          <a className="secondary" href={contractor.website} target="_blank" rel="noreferrer">
            {t.website}
          </a>
        )}
      </p>
    </footer>
  );
}

const PARTS = ["line1", "line2", "city", "state", "postal_code"];

function addressText(address: Record<string, unknown> | null | undefined): string {
  if (!address) return "";
  return PARTS.map((part) => address[part])
    .filter((text): text is string => typeof text === "string" && text !== "")
    .join(", ");
}
