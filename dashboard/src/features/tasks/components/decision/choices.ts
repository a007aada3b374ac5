/** What each answer is called, and what it does. */
import type { Approval, Choice } from "@/lib/api";

export const LABELS: Record<Choice, string> = {
  approve: "Approve",
  request_changes: "Request changes",
  reject: "Reject",
  raise_budget: "Raise budget",
  guidance: "Guidance",
  more_attempts: "More attempts",
  take_over: "Take over",
  answer: "Answer",
  noise: "Mark as noise",
  stop: "Stop",
};

export const MEANS: Record<Choice, string> = {
  approve: "The branch with exactly this diff is published. Nothing is merged.",
  request_changes: "The fix goes back to work with your words. This revision is void.",
  reject: "The task ends without a change.",
  raise_budget: "The task goes on with more money.",
  guidance: "The task goes on with your words.",
  more_attempts: "The task gets more attempts at a fix.",
  take_over: "The task ends here, and you go on by hand.",
  answer: "The task goes on with your answer.",
  noise: "The report is closed as noise.",
  stop: "The task ends here.",
};

/** Those that say nothing without words. */
export const NEEDS_TEXT: ReadonlySet<Choice> = new Set(["request_changes", "guidance", "answer"]);

/** An answer and what it is about: a release by its revision. */
export function named(choice: Choice, { kind, revision }: Approval): string {
  return kind === "release" ? `${LABELS[choice]} r${revision}` : LABELS[choice];
}
