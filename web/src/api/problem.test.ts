/** Every failure is a sentence; never a code alone. */

import { expect, it } from "vitest";
import { problemOf } from "./problem";

const answer = (status: number) => new Response(null, { status, headers: { "x-request-id": "r-1" } });

it("reads a problem's sentence, kind and fields", () => {
  const problem = problemOf(answer(422), {
    type: "https://peakpro.example/problems/invalid",
    title: "A value is not valid",
    detail: "Please fill this in.",
    errors: [{ field: "lines.0.name", message: "Please fill this in." }],
  });
  expect([problem.status, problem.kind, problem.message]).toEqual([422, "invalid", "Please fill this in."]);
  expect(problem.field("lines.0.name")).toBe("Please fill this in.");
  expect(problem.field("title")).toBeUndefined();
});

it("says something useful when the answer is not a problem", () => {
  expect(problemOf(answer(502), "<html>").message).toContain("Nothing was changed");
  expect(problemOf(answer(502), undefined).reference).toBe("r-1");
  expect(problemOf(answer(418), null).message).toContain("418");
});
