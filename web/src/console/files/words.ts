/** What files are called, how large they are, and where each use of one is to be seen. */

import type { FileUse, KeptKind, UsedFile } from "../data/files";

export const KIND_WORDS: Record<KeptKind, string> = {
  photo: "Photo",
  attachment: "Attachment",
  logo: "Logo",
  paper: "Paper",
};

const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;

/** Returns a size as people say it: `840 bytes`, `12 kB`, `3.4 MB`. */
export function sizeWords(bytes: number): string {
  if (bytes < KILOBYTE) return `${bytes} bytes`;
  if (bytes < MEGABYTE) return `${Math.round(bytes / KILOBYTE)} kB`;
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

export function addressOfUse(use: FileUse): string {
  if (use.kind === "logo") return "/settings/branding";
  return use.kind === "template" ? `/proposals/templates/${use.id}` : `/proposals/${use.id}`;
}

export function wordsOfUse(use: FileUse): string {
  if (use.kind === "logo") return "The company’s logo";
  if (use.kind === "template") return `Template: ${use.title}`;
  return use.kind === "paper" ? `Paper of ${use.title}` : use.title;
}

/** Returns where a file is used in one line; a paper stands on its own. */
export function usedWords(file: UsedFile): string {
  const [first] = file.uses;
  if (!first) return file.kind === "paper" ? "Kept for the record" : "Not used";
  const others = file.use_count - 1;
  return others > 0 ? `${wordsOfUse(first)} and ${others} more` : wordsOfUse(first);
}

export const mayBeDeleted = (file: UsedFile) => file.use_count === 0 && file.kind !== "paper";
