/** What changed from one version of a proposal to the next, in sentences. Pure. */

import { formatDay } from "../../words/dates";
import { formatMoney } from "../../words/money";
import type { Proposal } from "../data/proposals";

type Line = Proposal["lines"][number];

/** What is offered: of a stored proposal, or of one that is being written. */
export type Offered = Pick<
  Proposal,
  | "title" | "language" | "introduction" | "terms" | "lines" | "options" | "files" | "schedule" | "valid_until"
  | "currency" | "total_minor"
> & { customer: { name: string } };

/** Returns the changes in the order in which a reader meets them; empty when nothing that is offered differs. */
export function changesBetween(before: Offered, after: Offered): string[] {
  const money = (minor: number) => formatMoney(minor, after.currency);
  const changes: string[] = [];
  const told = (name: string, was: string, is: string) => {
    if (was !== is) changes.push(`${name}: ${was} → ${is}`);
  };
  const text = (name: string, was: string, is: string) => {
    if (was !== is) changes.push(!was ? `${name} added` : !is ? `${name} taken out` : `${name} rewritten`);
  };

  told("Title", before.title, after.title);
  told("Customer", before.customer.name, after.customer.name);
  told("Language", before.language, after.language);
  text("Introduction", before.introduction, after.introduction);
  changes.push(...lineChanges(before.lines, after.lines, "", money));
  for (const option of after.options) {
    const old = before.options.find(({ name }) => name === option.name);
    if (!old) changes.push(`Option ${option.name} added, ${money(option.total_minor)}`);
    else {
      text(`Description of ${option.name}`, old.description, option.description);
      changes.push(...lineChanges(old.lines, option.lines, `${option.name}: `, money));
    }
  }
  for (const option of before.options) {
    if (!after.options.some(({ name }) => name === option.name)) changes.push(`Option ${option.name} taken out`);
  }
  changes.push(...fileChanges(before.files, after.files));
  told("Payments", scheduleText(before, money), scheduleText(after, money));
  told("Valid until", day(before.valid_until), day(after.valid_until));
  text("Terms", before.terms, after.terms);
  told("Total", formatMoney(before.total_minor, before.currency), money(after.total_minor));
  return changes;
}

function day(date: string | null): string {
  return date ? formatDay(date) : "no end date";
}

/** Lines are the same when they have the same name; of equal names the first belongs to the first. */
function lineChanges(before: Line[], after: Line[], where: string, money: (minor: number) => string): string[] {
  const left = [...before];
  const changes: string[] = [];
  for (const line of after) {
    const at = left.findIndex(({ name }) => name === line.name);
    const [old] = at < 0 ? [] : left.splice(at, 1);
    if (!old) changes.push(`${where}${line.name} added, ${money(line.amount_minor)}`);
    else if (lineText(old, money) !== lineText(line, money)) {
      changes.push(`${where}${line.name}: ${lineText(old, money)} → ${lineText(line, money)}`);
    } else if (old.description !== line.description) changes.push(`${where}${line.name}: description rewritten`);
    else if (old.section !== line.section) changes.push(`${where}${line.name}: now under ${line.section || "no section"}`);
  }
  return [...changes, ...left.map((line) => `${where}${line.name} taken out, ${money(line.amount_minor)}`)];
}

function lineText(line: Line, money: (minor: number) => string): string {
  const discount =
    Number(line.discount_percent) > 0
      ? ` less ${line.discount_percent} %`
      : line.discount_minor > 0
        ? ` less ${money(line.discount_minor)}`
        : "";
  const optional = line.optional ? (line.preselected ? ", optional and ticked" : ", optional") : "";
  const quantity = [line.quantity, line.unit].filter(Boolean).join(" ");
  return `${quantity} × ${money(line.unit_price_minor)}${discount}, tax ${line.tax_percent} %${optional}`;
}

function fileChanges(before: Proposal["files"], after: Proposal["files"]): string[] {
  const added = after.filter(({ id }) => !before.some((file) => file.id === id));
  const gone = before.filter(({ id }) => !after.some((file) => file.id === id));
  const words = after.filter((file) => before.some(({ id, caption }) => id === file.id && caption !== file.caption));
  return [
    ...added.map(({ name }) => `${name} added`),
    ...gone.map(({ name }) => `${name} taken out`),
    ...words.map(({ name }) => `Words below ${name} rewritten`),
  ];
}

function scheduleText(proposal: Offered, money: (minor: number) => string): string {
  return proposal.schedule.map(({ name, amount_minor }) => `${name} ${money(amount_minor)}`).join(", ") || "none";
}
