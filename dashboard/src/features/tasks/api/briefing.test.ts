import { expect, test } from "vitest";
import { approval } from "@/testing/samples";
import { caveatsOf, lineOf } from "./briefing";

const BODY = `**total() is off by one**

- CI: not recorded
- Root cause: It adds - Note: one.
- Tests: 14 passed on the fix; no test shows the fault; flaky: t::a
- Protected paths: .env
- Note: The lock file was not followed.
- Missing proof: Nothing ran it.

On Approve: a branch is published.`;

test("what speaks against a quick yes is told, the gravest first", () => {
  const told = caveatsOf({ ...approval, body: BODY });
  expect(told.map(({ name, text, grave }) => [name, text, grave])).toEqual([
    ["Missing proof", "Nothing ran it.", true],
    ["Protected files", ".env", true],
    ["Tests", "no test shows the fault; flaky: t::a", false],
    ["Note", "The lock file was not followed.", false],
  ]);
});

test("what the question itself names needs no briefing, and other questions have no caveats", () => {
  const details = { unproven: "No test proves it." };
  expect(caveatsOf({ ...approval, details })).toHaveLength(1);
  expect(caveatsOf({ ...approval, details, kind: "budget" })).toEqual([]);
});

test("what was not recorded is no line", () => {
  expect([lineOf(BODY, "CI"), lineOf(BODY, "Root cause")]).toEqual([
    undefined,
    "It adds - Note: one.",
  ]);
});
