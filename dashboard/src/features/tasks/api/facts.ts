/** What stands in events and artifacts, read without trust: what does not fit is left out. */
import type { LoggedEvent } from "./use-task";

export interface Claim {
  path: string;
  line: number;
  quote: string;
  base_sha: string;
}

export interface Diagnosis {
  root_cause: string;
  category: string;
  confidence: number | null;
  method: string;
  claims: Claim[];
  /** Whether the suspects were weighed by tests, and not by words alone. */
  searched: boolean;
  suspects: { path: string; line: number; why: string; score: number }[];
}

export interface TestRun {
  tree_hash?: string;
  argv?: string[];
  exit_code?: number | null;
  end?: string;
  output?: string;
  cases?: { test_id: string; outcome: string; message?: string }[];
}

export interface Evidence {
  verdict: string;
  regression_tests?: string[];
  base?: TestRun | null;
  fixed?: TestRun | null;
}

export interface Counts {
  passed: number;
  failed: number;
  exit: number | null;
  tree: string;
}

export interface Proof {
  verdict: string;
  before: Counts | null;
  after: Counts | null;
}

export function latest(events: readonly LoggedEvent[], type: string): LoggedEvent | undefined {
  return events.findLast((event) => event.type === type);
}

export function diagnosisOf(events: readonly LoggedEvent[]): Diagnosis | null {
  const data = latest(events, "diagnosis")?.data as Partial<Diagnosis> | undefined;
  if (!data) return null;
  const weighed = events.findLast((event) => event.type === "search" && event.data?.done === true)
    ?.data?.suspects;
  const searched = Array.isArray(weighed) && weighed.length > 0;
  const suspects = searched ? weighed : data.suspects;
  return {
    searched,
    root_cause: String(data.root_cause ?? ""),
    category: String(data.category ?? ""),
    confidence: typeof data.confidence === "number" ? data.confidence : null,
    method: String(data.method ?? ""),
    claims: Array.isArray(data.claims) ? data.claims : [],
    suspects: Array.isArray(suspects) ? suspects : [],
  };
}

export function proofOf(events: readonly LoggedEvent[]): Proof | null {
  const data = latest(events, "evidence")?.data as Record<string, unknown> | undefined;
  if (!data) return null;
  return {
    verdict: String(data.verdict ?? ""),
    before: countsOf(data.before),
    after: countsOf(data.after),
  };
}

function countsOf(run: unknown): Counts | null {
  if (!run || typeof run !== "object") return null;
  const facts = run as Record<string, unknown>;
  return {
    passed: Number(facts.passed ?? 0),
    failed: Array.isArray(facts.failed) ? facts.failed.length : Number(facts.failed ?? 0),
    exit: typeof facts.exit_code === "number" ? facts.exit_code : null,
    tree: String(facts.tree_hash ?? ""),
  };
}

/** "14 pass, 1 fail"; never only the good half. */
export function told(counts: Counts | null): string {
  if (!counts) return "not run";
  return `${counts.passed} pass, ${counts.failed} fail`;
}
