/** The state of an incident in words; silence is said with its end. */
import { words } from "@/lib/format";
import type { Incident, State } from "../api/use-incidents";

const TONES: Partial<Record<State, string>> = {
  awaiting_approval: "wait",
  awaiting_fix_approval: "wait",
  awaiting_refix_approval: "wait",
  open: "bad",
  verification_failed: "bad",
  resolved: "good",
  awaiting_merge: "good",
  triaging: "busy",
  diagnosing: "busy",
  fixing: "busy",
  reviewing: "busy",
};
const LABELS: Partial<Record<State, string>> = {
  awaiting_approval: "Asks whether to go on",
  awaiting_fix_approval: "Fix waits for you",
  awaiting_refix_approval: "Asks for another try",
};

export function stateWords(state: State): string {
  return LABELS[state] ?? words(state);
}

type Standing = Pick<Incident, "state" | "silent" | "dismissal">;

export function StateBadge({ incident: { state, silent } }: { incident: Standing }) {
  return (
    <span className={`status status-${TONES[state] ?? "plain"}`}>
      {silent ? "Dismissed" : stateWords(state)}
    </span>
  );
}

/** Until when its reports are only counted; empty when they are heard. */
export function silence({ silent, dismissal }: Standing): string {
  if (!silent) return "";
  if (!dismissal?.until) return "silent for ever";
  const end = new Date(dismissal.until);
  return `silent until ${end.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}`;
}
