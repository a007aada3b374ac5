/** Small marks with words in them: severity, risk, status. */
import { statusWords } from "@/lib/format";

/** Nothing, as long as triage has not told it. */
export function Severity({ level }: { level: string | null }) {
  return level && <span className={`badge severity-${level.toLowerCase()}`}>{level}</span>;
}

const GOOD = new Set(["completed", "fixed"]);
const BAD = new Set(["failed", "cancelled", "rejected"]);

export function Status({ status, outcome }: { status: string; outcome?: string | null }) {
  const shown = outcome ?? status;
  const tone = GOOD.has(shown)
    ? "good"
    : BAD.has(shown)
      ? "bad"
      : status === "waiting_for_input"
        ? "wait"
        : status === "running"
          ? "busy"
          : "";
  return <span className={`status status-${tone || "plain"}`}>{statusWords(shown)}</span>;
}
