/** A problem beside what caused it, in the reader's language, read out when it comes. */

import type { Problem } from "../api/problem";
import { sentenceOf } from "./problems";
import { useWords } from "./words";

export function Wrong({ problem }: { problem: Problem | null }) {
  const { t, language } = useWords();
  if (!problem) return null;
  return (
    <p className="notice red" role="alert">
      {sentenceOf(problem, t, language)}
    </p>
  );
}
