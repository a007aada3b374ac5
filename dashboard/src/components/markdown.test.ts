import { expect, test } from "vitest";
import { blocksOf } from "./markdown";

test("a line that is bold as a whole is a heading, and marks within a line stay as they are", () => {
  expect(
    blocksOf("**A fault**\n\n- Ticket: **none**\n- Risk: low\n\nOn Approve: *nothing*"),
  ).toEqual([
    { kind: "heading", text: "A fault" },
    { kind: "list", items: ["Ticket: **none**", "Risk: low"] },
    { kind: "paragraph", text: "On Approve: *nothing*" },
  ]);
});
