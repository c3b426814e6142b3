/** The roles by their words, the widest first. */

import type { Role } from "./org";

export const ROLES: { value: Role; label: string; may: string }[] = [
  { value: "owner", label: "Owner", may: "Everything" },
  { value: "office", label: "Office", may: "Everything but company, team and API keys" },
  { value: "sales", label: "Sales", may: "Leads, customers, proposals; sees payments" },
  { value: "bookkeeper", label: "Bookkeeper", may: "Payments and books; reads the rest" },
  { value: "read_only", label: "Read only", may: "Sees, changes nothing" },
];

export function roleWord(role: string): string {
  return ROLES.find((each) => each.value === role)?.label ?? role;
}
