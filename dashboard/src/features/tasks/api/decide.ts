/** One decision, bound to what was seen; what comes back is the truth about it. */
import { answerOf, api, Problem, Unreachable, type Approval, type Choice } from "@/lib/api";

export interface LineComment {
  path: string;
  line: number;
  text: string;
}

export interface Intent {
  choice: Choice;
  text: string;
  comments: readonly LineComment[];
  amountUsd: number | null;
  confirmation: string;
  /** Makes a repeated tap harmless. */
  key: string;
}

export type Settled =
  | { kind: "decided"; approval: Approval }
  | { kind: "already_decided"; message: string; by: string; channel: string; at: string }
  | { kind: "superseded"; message: string; revision: number }
  | { kind: "expired"; message: string }
  | { kind: "refused"; message: string }
  | { kind: "unsent"; message: string };

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function decide(seen: Approval, intent: Intent): Promise<Settled> {
  const path = { approval_id: seen.approval_id };
  const body = {
    decision: intent.choice,
    patch_hash: seen.patch_hash,
    revision: seen.revision,
    text: intent.text || null,
    amount_usd: intent.amountUsd,
    line_comments: [...intent.comments],
    key: intent.key,
    confirmation: intent.confirmation,
  };
  try {
    const asked = api.POST("/approvals/{approval_id}/decision", { params: { path }, body });
    return { kind: "decided", approval: await answerOf(asked) };
  } catch (error) {
    if (error instanceof Unreachable) return { kind: "unsent", message: "Not sent." };
    if (error instanceof Problem) return settledBy(error);
    throw error;
  }
}

function settledBy(problem: Problem): Settled {
  const { kind, message, facts } = problem;
  if (kind === "already_decided")
    return {
      kind,
      message,
      by: String(facts.by),
      channel: String(facts.channel),
      at: String(facts.at ?? ""),
    };
  if (kind === "superseded") return { kind, message, revision: Number(facts.revision) };
  if (kind === "expired") return { kind, message };
  if (problem.status >= 500) return { kind: "unsent", message: `Not sent. ${message}` };
  return { kind: "refused", message };
}
