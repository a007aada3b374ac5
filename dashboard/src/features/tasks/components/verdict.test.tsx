import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { ApprovalFacts } from "@/lib/api";
import { question } from "@/testing/samples";
import { Verdict } from "./verdict";

afterEach(cleanup);

const said = (more: Partial<ApprovalFacts>) => {
  render(<Verdict asked={{ ...question, ...more }} />);
  return screen.getByRole("status").textContent;
};
const decision = { amount_usd: null, by: "dana\u202e", channel: "telegram", text: "" };

test("who decided elsewhere is named, and hidden characters with them", () => {
  const at = new Date(Date.now() - 60_000).toISOString();
  const approve = { ...decision, decision: "approve" as const };
  expect(said({ state: "approved", decided_at: at, decision: approve })).toBe(
    "Revision 1: Approved by danaRLO in telegram, 1 min ago.",
  );
});

test("an answer that is no consent is called by its name", () => {
  const noise = { ...decision, by: "dana", decision: "noise" as const };
  expect(said({ state: "answered", decision: noise })).toBe(
    "Revision 1: Noise by dana in telegram.",
  );
});

test("a question that nobody answers any more says why", () => {
  expect(said({ kind: "budget", state: "void", void_reason: "The task was cancelled" })).toBe(
    "No longer asked: The task was cancelled.",
  );
});

test("where two had to approve, both are named", () => {
  const approve = { ...decision, decision: "approve" as const };
  const voices = [
    { ...approve, by: "ann", channel: "rest" },
    { ...approve, by: "dana" },
  ];
  expect(said({ state: "approved", decision: voices[1], voices, voices_needed: 2 })).toBe(
    "Revision 1: Approved by ann in rest and dana in telegram.",
  );
});
