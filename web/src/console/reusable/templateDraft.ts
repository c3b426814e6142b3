/** A template as the editor has it, and back: a proposal without customer and last day. Pure. */

import { decimalText } from "../../words/money";
import type { KeptFile } from "../data/files";
import type { Content } from "../data/templates";
import {
  bodyOf,
  type Draft,
  emptyDraft,
  emptyLine,
  emptyMilestone,
  emptyOption,
  type FieldErrors,
  type LineDraft,
  type Standards,
} from "../editor/draft";

type Line = NonNullable<Content["lines"]>[number];

/** Returns a template's content as it can be edited; what was left out is what the company's standards say. */
export function draftOfTemplate(content: Content, currency: string, files: KeptFile[], standards: Standards): Draft {
  const language = content.language ?? standards.language;
  const empty = emptyDraft(null, { ...standards, language });
  const { percent, amount_minor } = content.deposit ?? {};
  const lines = (given: Line[] | undefined) => (given ?? []).map((line) => lineDraft(line, currency));
  return {
    ...empty,
    validUntil: "",
    title: content.title,
    introduction: content.introduction ?? empty.introduction,
    terms: content.terms ?? empty.terms,
    deposit: percent
      ? { kind: "percent", value: String(percent) }
      : amount_minor
        ? { kind: "amount", value: decimalText(amount_minor, currency) }
        : { kind: "standard", value: "" },
    milestones: (content.milestones ?? []).map(({ name, percent: part, amount_minor: amount }) =>
      Object.assign(emptyMilestone(), { name, value: share(part, amount, currency) }),
    ),
    lines: lines(content.lines),
    options: (content.options ?? []).map(({ name, description = "", lines: own }) =>
      Object.assign(emptyOption(name), { description, lines: lines(own) }),
    ),
    // A file that is gone is left out: that is how a template is mended which holds one.
    files: (content.files ?? []).flatMap(({ file_id, caption }) => {
      const file = files.find(({ id }) => id === file_id);
      if (!file || (file.kind !== "photo" && file.kind !== "attachment")) return [];
      return [{ ...file, kind: file.kind, caption: caption ?? "" }];
    }),
  };
}

/** Returns what is kept, or which fields cannot be understood. A text that is the company's own is left out, so that
 *  the one of that day counts; what the editor does not show stays as it was. */
export function contentOf(
  draft: Draft,
  currency: string,
  standards: Standards,
  before?: Content,
): { content?: Content; errors: FieldErrors } {
  const { body, errors } = bodyOf({ ...draft, customerId: 1 }, currency);
  if (!body) return { errors };
  const { customer_id: _customer, valid_until: _day, introduction, terms, ...rest } = body;
  const content = {
    ...rest,
    ...(before?.right_to_cancel !== undefined && { right_to_cancel: before.right_to_cancel }),
    ...(introduction !== standards.default_introductions[draft.language] && { introduction }),
    ...(terms !== standards.default_terms[draft.language] && { terms }),
  };
  return { content: content as Content, errors };
}

function lineDraft(line: Line, currency: string): LineDraft {
  const discounted = Number(line.discount_percent ?? 0) > 0;
  return {
    ...emptyLine(String(line.tax_percent ?? 0), line.section ?? ""),
    name: line.name,
    description: line.description ?? "",
    quantity: String(line.quantity),
    unit: line.unit ?? "",
    price: decimalText(line.unit_price_minor, currency),
    discount: discounted || (line.discount_minor ?? 0) > 0 ? share(discounted ? line.discount_percent : null, line.discount_minor, currency) : "",
    optional: line.optional ?? false,
    preselected: line.preselected ?? false,
  };
}

/** Returns `5 %` or `100.00`, as the editor's fields take it. */
function share(percent: string | number | null | undefined, minor: number | null | undefined, currency: string): string {
  return percent === null || percent === undefined ? decimalText(minor ?? 0, currency) : `${percent} %`;
}
