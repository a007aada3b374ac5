/** What people call the steps; a step that is not here shows its own name. */
const LABELS: Record<string, string> = {
  intake: "Intake",
  triage: "Triage",
  diagnose: "Diagnose",
  reproduce: "Reproduce",
  join: "Compare",
  fix: "Fix",
  qa: "QA",
  review: "Review",
  approve: "Approve",
  escalate: "Escalate",
  publish: "Publish",
  report: "Report",
};

export function nodeLabel(node: string): string {
  return LABELS[node] ?? node;
}

/** Steps that are only drawn once a task came there. */
export const DETOURS: ReadonlySet<string> = new Set(["escalate"]);
