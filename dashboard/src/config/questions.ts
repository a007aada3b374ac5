/** What the kinds of questions are called, and what each says in a notice. */
import type { Schemas } from "@/lib/api";

type Kind = Schemas["QuestionKind"];

export const KINDS: Record<Kind, string> = {
  release: "Release",
  protected_path: "Protected files",
  escalation: "Stuck",
  budget: "Budget",
  clarify: "Question",
  start: "Start",
};

export const ASKS: Record<Kind, string> = {
  release: "A fix waits for your consent",
  protected_path: "A change of protected files waits for your consent",
  escalation: "A task is stuck and asks how to go on",
  budget: "A task has spent its budget",
  clarify: "A task has a question",
  start: "A task waits for leave to begin",
};
