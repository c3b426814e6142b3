import { describe, expect, it } from "vitest";
import type { UsedFile } from "../data/files";
import { addressOfUse, mayBeDeleted, sizeWords, usedWords } from "./words";

const FILE: UsedFile = {
  id: 1,
  kind: "photo",
  name: "ridge.jpg",
  media_type: "image/jpeg",
  size_bytes: 10,
  sha256: "",
  width: 1,
  height: 1,
  created_at: "2026-01-01T00:00:00Z",
  created_by: "",
  uses: [],
  use_count: 0,
};

describe("files in words", () => {
  it("says sizes in the unit that people would take", () => {
    expect([999, 1_000, 999_400, 3_440_000].map(sizeWords)).toEqual(["999 bytes", "1 kB", "999 kB", "3.4 MB"]);
  });

  it("names the first use, counts the others and leads to each", () => {
    const proposal = { kind: "proposal", id: 7, title: "Ridge" } as const;
    expect(usedWords({ ...FILE, uses: [proposal], use_count: 3 })).toBe("Ridge and 2 more");
    expect(addressOfUse(proposal)).toBe("/proposals/7");
    expect(addressOfUse({ kind: "template", id: 2, title: "Roof" })).toBe("/proposals/templates/2");
    expect(addressOfUse({ kind: "logo", id: 1, title: "Peak" })).toBe("/settings/branding");
  });

  it("lets go only of what nothing uses, and of no paper", () => {
    expect(mayBeDeleted(FILE)).toBe(true);
    expect(mayBeDeleted({ ...FILE, kind: "paper" })).toBe(false);
    expect(mayBeDeleted({ ...FILE, use_count: 1 })).toBe(false);
  });
});
