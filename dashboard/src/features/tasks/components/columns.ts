/** Which column of the board a task stands in, and the filters and orders of its table. */
import { nodeLabel } from "@/config/nodes";
import type { Brief } from "../api/use-board";

export interface Filters {
  view: "kanban" | "table";
  q: string;
  severity: string;
  status: string;
  outcome: string;
  node: string;
  repo: string;
  source: string;
  /** A column, with `-` before it for falling order. */
  sort: string;
}

export const NO_FILTERS: Filters = {
  view: "kanban",
  q: "",
  severity: "",
  status: "",
  outcome: "",
  node: "",
  repo: "",
  source: "",
  sort: "-begun",
};

export const COLUMNS = [
  ["queued", "Queued"],
  ["triage", "Triage"],
  ["diagnose", "Diagnose"],
  ["fix", "Fix & QA"],
  ["review", "Review"],
  ["you", "Needs you"],
  ["merge", "Awaiting merge"],
  ["today", "Ended today"],
] as const;
export type Column = (typeof COLUMNS)[number][0];

const OF_NODE: Record<string, Column> = {
  intake: "triage",
  triage: "triage",
  diagnose: "diagnose",
  reproduce: "diagnose",
  join: "diagnose",
  fix: "fix",
  qa: "fix",
  review: "review",
  approve: "review",
  escalate: "review",
  publish: "review",
  report: "review",
};

/** The column of a task; undefined for what ended before today. */
export function columnOf(task: Brief, now: number): Column | undefined {
  if (task.awaits_merge) return "merge";
  if (task.status === "waiting_for_input") return "you";
  if (task.status === "queued") return "queued";
  if (task.status === "running") return OF_NODE[task.node ?? ""] ?? "triage";
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  return Date.parse(task.ended_at ?? task.updated_at) >= midnight ? "today" : undefined;
}

export function fits(task: Brief, filters: Filters): boolean {
  const { q, severity, status, outcome, node, repo, source } = filters;
  const text = `${task.title} ${task.ticket ?? ""} ${task.repo} ${task.task_id}`.toLowerCase();
  return (
    (!severity || task.severity === severity) &&
    (!status || task.status === status) &&
    (!outcome || task.outcome === outcome) &&
    (!node || task.node === node) &&
    (!repo || task.repo === repo) &&
    (!source || task.source === source) &&
    text.includes(q.trim().toLowerCase())
  );
}

export const SORTS: Record<string, (task: Brief) => string | number> = {
  severity: (task) => task.severity ?? "P9",
  title: (task) => task.title.toLowerCase(),
  status: (task) => task.outcome ?? task.status,
  node: (task) => nodeLabel(task.node ?? ""),
  cost: (task) => task.cost_usd ?? -1,
  begun: (task) => Date.parse(task.created_at),
};

export function sorted(tasks: readonly Brief[], sort: string): Brief[] {
  const down = sort.startsWith("-");
  const of = SORTS[sort.replace("-", "")] ?? SORTS.begun!;
  const keyed = tasks.map((task) => ({ task, key: of(task) }));
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (down ? -1 : 1));
  return keyed.map(({ task }) => task);
}
