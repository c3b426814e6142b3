/** A change order while it is written, and what the API is given. Pure. */

import { decimalText } from "../../words/money";
import type { ChangeBody, ChangeOrder } from "../data/contract";
import { bodyOf, emptyDraft, emptyLine, type FieldErrors, type LineDraft } from "../editor/draft";

export type ChangeDraft = { title: string; reason: string; lines: LineDraft[] };

export function emptyChange(tax: string): ChangeDraft {
  return { title: "", reason: "", lines: [emptyLine(tax)] };
}

/** Returns a stored change order as it can be edited. */
export function changeDraftOf(order: ChangeOrder, currency: string): ChangeDraft {
  return {
    title: order.title,
    reason: order.reason,
    lines: order.lines.map((line) =>
      Object.assign(emptyLine(line.tax_percent, line.section), {
        name: line.name,
        description: line.description,
        quantity: line.quantity,
        unit: line.unit,
        price: decimalText(line.unit_price_minor, currency),
        discount:
          Number(line.discount_percent) > 0
            ? `${line.discount_percent} %`
            : line.discount_minor > 0
              ? decimalText(line.discount_minor, currency)
              : "",
      }),
    ),
  };
}

/** Returns what the API takes, or which fields cannot be understood. */
export function changeBodyOf(draft: ChangeDraft, currency: string): { body?: ChangeBody; errors: FieldErrors } {
  const { errors, ...rest } = bodyOf({ ...emptyDraft(1), title: draft.title || "-", lines: draft.lines }, currency);
  if (!draft.title.trim()) errors["title"] = "Name the change, as the customer would.";
  if (draft.lines.length === 0) errors["lines"] = "Add what changes, with its price.";
  if (Object.keys(errors).length > 0) return { errors };
  return { body: { title: draft.title.trim(), reason: draft.reason.trim(), lines: rest.body?.lines ?? [] }, errors };
}
