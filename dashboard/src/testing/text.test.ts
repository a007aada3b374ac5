import { expect, test } from "vitest";
import { spansOf, tracksOf } from "@/features/tasks/api/spans";
import { parseDiff } from "@/lib/diff";
import { cost, duration, revealed } from "@/lib/format";

test("what would hide or reorder text is shown by name", () => {
  expect(revealed("if a\u202e == b\u200b:")).toEqual([
    { text: "if a", hidden: "" },
    { text: "\u202e", hidden: "RLO" },
    { text: " == b", hidden: "" },
    { text: "\u200b", hidden: "ZWSP" },
    { text: ":", hidden: "" },
  ]);
  expect(revealed("a\tb")).toEqual([{ text: "a\tb", hidden: "" }]);
  expect(revealed("\u{e0041}")[0]?.hidden).toBe("U+E0041");
  const heap = "z" + "\u0363\u0364".repeat(20);
  expect(revealed(heap)).toEqual([
    { text: heap.slice(0, 5), hidden: "" },
    { text: heap.slice(5), hidden: "+36 marks" },
  ]);
});

test("an unknown cost is no zero", () => {
  expect([cost(null), cost(0), cost(0.31)]).toEqual(["unknown cost", "$0.0000", "$0.3100"]);
});

test("times are short", () => {
  const shown = [8, 1_500, 59_000, 61_000, 3_700_000, 200_000_000].map(duration);
  expect(shown).toEqual(["8 ms", "1.5 s", "59 s", "1 min", "1 h 1 min", "2 d"]);
});

test("a diff is numbered by both sides, and what looks like a header inside a hunk is a line", () => {
  const [file, ...rest] = parseDiff(
    "diff --git a/a b/x.sql b/a b/x.sql\nindex 1..2 100644\n--- a/a b/x.sql\n+++ b/a b/x.sql\n" +
      "@@ -3,3 +3,3 @@ begin\n keep\n--- drop table x\n+++ a\n end\n\\ No newline at end of file\n",
  );
  expect(rest).toEqual([]);
  expect(file).toMatchObject({ path: "a b/x.sql", added: 1, removed: 1, notes: [] });
  expect(file?.hunks[0]?.lines).toEqual([
    { kind: "context", old: 3, new: 3, text: "keep" },
    { kind: "removed", old: 4, new: null, text: "-- drop table x" },
    { kind: "added", old: null, new: 4, text: "++ a" },
    { kind: "context", old: 5, new: 5, text: "end" },
    { kind: "note", old: null, new: null, text: "No newline at end of file" },
  ]);
});

test("long waiting is folded, and what comes after it moves up", () => {
  const node = (seq: number, at: number, name: string, state: string) => ({
    v: 1,
    seq,
    ts: new Date(at).toISOString(),
    type: "node",
    task_id: "t",
    incident_id: "",
    role: "",
    data: { node: name, state },
  });
  const hour = 3_600_000;
  const { spans, length } = spansOf(
    [
      node(1, 0, "fix", "started"),
      node(2, 1_000, "fix", "finished"),
      node(3, 1_000, "approve", "started"),
      node(4, 1_001, "approve", "interrupted"),
      node(5, hour, "approve", "finished"),
      node(6, hour, "publish", "started"),
      node(7, hour + 500, "publish", "finished"),
    ] as Parameters<typeof spansOf>[0],
    hour * 2,
  );
  expect(spans.map(({ node: name, lane, folded }) => [name, lane, folded])).toEqual([
    ["fix", "agent", false],
    ["approve", "human", true],
    ["publish", "agent", false],
  ]);
  expect(length).toBe(11_500);
});

test("what happens side by side has a row of its own, and goes of a step are counted", () => {
  const node = (at: number, name: string, state: string) => ({
    seq: at,
    ts: new Date(at).toISOString(),
    type: "node",
    data: { node: name, state },
  });
  const { spans } = spansOf(
    [
      node(0, "diagnose", "started"),
      node(10, "reproduce", "started"),
      node(500, "reproduce", "finished"),
      node(900, "diagnose", "finished"),
      node(900, "fix", "started"),
      node(1_000, "fix", "finished"),
      node(1_000, "fix", "started"),
    ] as unknown as Parameters<typeof spansOf>[0],
    1_500,
  );
  expect(spans.map(({ node: name, attempt, open }) => [name, attempt, open])).toEqual([
    ["diagnose", 1, false],
    ["reproduce", 1, false],
    ["fix", 1, false],
    ["fix", 2, true],
  ]);
  expect(tracksOf(spans).map((track) => track.length)).toEqual([3, 1]);
});
