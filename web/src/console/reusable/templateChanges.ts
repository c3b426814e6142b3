/** What changed from one revision of a template to the next, in sentences. Pure. */

import type { Org } from "../data/org";
import type { Content, TemplateRevision } from "../data/templates";
import { previewOf } from "../editor/previewOf";
import { changesBetween } from "../parts/versionChanges";
import { count } from "../parts/words";
import { draftOfTemplate } from "./templateDraft";

/** What the installation asks when the company has no standard of its own (DEPOSIT_PERCENT's default). */
const DEPOSIT_PERCENT = 30;

/** Returns the changes as a reader meets them; empty when the two say the same. */
export function templateChanges(before: TemplateRevision, after: TemplateRevision, org: Org): string[] {
  const renamed = before.name === after.name ? [] : [`Name: ${before.name} → ${after.name}`];
  return [...renamed, ...changesBetween(shown(before, org), shown(after, org)), ...fileChanges(before, after)];
}

/** A template as a customer would see the proposal made of it, its files aside. */
function shown(revision: TemplateRevision, org: Org) {
  const content = revision.content as Content;
  const currency = content.currency ?? org.currency;
  const standard = org.deposit_percent ?? DEPOSIT_PERCENT;
  const view = previewOf(draftOfTemplate(content, currency, [], org), { currency, standard, org, customer: "", stored: null });
  return { ...view, files: [] };
}

function fileChanges(before: TemplateRevision, after: TemplateRevision): string[] {
  const [old, now] = [before, after].map(({ content }) => ((content as Content).files ?? []).map(({ file_id }) => file_id));
  const added = (now ?? []).filter((id) => !old?.includes(id)).length;
  const gone = (old ?? []).filter((id) => !now?.includes(id)).length;
  return [
    ...(added > 0 ? [`${count(added, "photo or paper", "photos or papers")} added`] : []),
    ...(gone > 0 ? [`${count(gone, "photo or paper", "photos or papers")} taken out`] : []),
  ];
}
