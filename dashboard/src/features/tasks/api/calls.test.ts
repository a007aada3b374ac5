import { expect, test } from "vitest";
import { call } from "@/testing/samples";
import { advanced, given, LEAST_MS, stepped } from "./replay";
import { callsBegun, unlogged } from "./use-calls";
import type { LoggedEvent } from "./use-task";

const event = (seq: number, type: string, data: Record<string, unknown>) =>
  ({ seq, type, data, ts: "2026-01-01T00:00:00Z" }) as unknown as LoggedEvent;
const AT = Date.parse("2026-01-01T00:00:00Z");
const start = (seq: number, id: string) =>
  event(seq, "llm_start", { call_id: id, attempt: 1, node: "fix", role: "fix" });

test("a call is under way until it ends, its step begins anew, or the task rests", () => {
  const begun = callsBegun([
    start(1, "a"),
    start(2, "b"),
    event(3, "llm_end", { call_id: "b", attempt: 1 }),
    event(4, "node", { node: "qa" }),
  ]);
  const ids = (running: boolean, now: number) =>
    unlogged(begun, [], running, now).map((one) => one.id);
  expect(ids(true, AT)).toEqual(["a-1", "b-1"]);
  expect(ids(false, AT)).toEqual(["b-1"]);
  expect(ids(true, AT + 90_000)).toEqual(["a-1"]);
  expect(unlogged(begun, [{ ...call, id: "b-1" }], true, AT)).toHaveLength(1);
  const again = callsBegun([start(1, "a"), event(2, "node", { node: "fix" })]);
  expect(again).toEqual([]);
});

test("a replay thinks, speaks, and stops at its end", () => {
  const lengths = [10, 4_000];
  let replay = { at: 0, ms: 0, playing: true, speed: 4 as const };
  replay = advanced(replay, LEAST_MS / 4, lengths) as typeof replay;
  expect(replay).toMatchObject({ at: 1, ms: 0 });
  expect(given(replay, 4_000)).toBe(0);
  replay = advanced(replay, 900, lengths) as typeof replay;
  expect(given(replay, 4_000)).toBeGreaterThan(0.8);
  expect(advanced(replay, 1_000, lengths)).toMatchObject({ at: 2, playing: false });
  expect(stepped(replay, -1, 2)).toMatchObject({ at: 0, playing: false });
  expect(advanced({ ...replay, playing: false }, 1_000, lengths)).toEqual({
    ...replay,
    playing: false,
  });
});
