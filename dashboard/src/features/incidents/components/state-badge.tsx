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

export function StateBadge({
  incident,
}: {
  incident: Pick<Incident, "state" | "silent" | "dismissal">;
}) {
  const { state, silent, dismissal } = incident;
  const until = dismissal?.until ? ` until ${new Date(dismissal.until).toLocaleString()}` : "";
  return (
    <span className={`status status-${TONES[state] ?? "plain"}`}>
      {silent ? `Dismissed${until}` : stateWords(state)}
    </span>
  );
}
