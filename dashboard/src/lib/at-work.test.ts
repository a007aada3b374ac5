import { expect, test } from "vitest";
import { workOf } from "./at-work";
import type { LoggedEvent } from "./events";

let seq = 0;
const event = (type: string, role: string, data: Record<string, unknown>) =>
  ({
    v: 1,
    seq: ++seq,
    ts: `2026-01-01T00:00:${String(seq % 60).padStart(2, "0")}Z`,
    type,
    task_id: "7c1e90ab",
    incident_id: "",
    role,
    data,
  }) as LoggedEvent;
const node = (name: string, state: string) => event("node", "", { node: name, state });
const call = (type: string, id: string, more: Record<string, unknown> = {}) =>
  event(type, "fix", { call_id: id, role: "fix", model: "m", node: "fix", attempt: 1, ...more });

const begun = [
  node("diagnose", "started"),
  node("reproduce", "started"),
  event("agent_start", "diagnosis", { path: "7c1e90ab/diagnosis", node: "diagnose", engine: "e" }),
  node("diagnose", "finished"),
  node("reproduce", "finished"),
  node("fix", "started"),
  event("agent_start", "fix", { path: "7c1e90ab/fix", node: "fix", engine: "models" }),
  event("agent_start", "fix", { path: "7c1e90ab/fix/tools", node: "fix", model: "m" }),
];

test("a role is at work from its start to its end, and its open calls stand below it", () => {
  const events = [
    ...begun,
    call("llm_start", "c1", { prompt_preview: "Mend it." }),
    call("llm_end", "c1", { cost_usd: 0.25 }),
    call("llm_start", "c2", { attempt: 1 }),
    call("llm_start", "c2", { attempt: 2 }),
  ];
  const { steps, roles } = workOf(events);
  expect(steps.map((one) => one.node)).toEqual(["fix"]);
  expect(roles).toHaveLength(1);
  expect(roles[0]).toMatchObject({ role: "fix", by: "m", done: 1, costUsd: 0.25 });
  expect(roles[0]?.calls.map(({ id, attempt }) => [id, attempt])).toEqual([["c2", 2]]);
});

test("the end of its tools is not the end of a role", () => {
  const tools = event("agent_end", "fix", { path: "7c1e90ab/fix/tools", ok: true });
  expect(workOf([...begun, tools]).roles).toHaveLength(1);
  const whole = event("agent_end", "fix", { path: "7c1e90ab/fix", ok: true });
  expect(workOf([...begun, tools, whole]).roles).toEqual([]);
});

test("one unknown price makes the sum unknown", () => {
  const ends = [call("llm_start", "c1"), call("llm_end", "c1", { cost_usd: null })];
  const more = [call("llm_start", "c2"), call("llm_end", "c2", { cost_usd: 0.1 })];
  expect(workOf([...begun, ...ends, ...more]).roles[0]?.costUsd).toBeNull();
});

test("nobody works in a task that waits or has ended", () => {
  for (const last of [
    event("status", "", { status: "waiting_for_input" }),
    event("end", "", { outcome: "fixed" }),
  ])
    expect(workOf([...begun, last])).toEqual({ steps: [], roles: [] });
});
