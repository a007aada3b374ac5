/** What people call the kinds of events. */
import type { Schemas } from "@/lib/api";

export type EventType = Schemas["EventList"]["events"][number]["type"];

export const EVENT_LABELS: Record<EventType, string> = {
  incident: "Incident",
  status: "Status",
  end: "End",
  node: "Step",
  agent_start: "Role begins",
  agent_end: "Role ends",
  llm_start: "Call begins",
  llm_end: "Call ends",
  tool_start: "Tool begins",
  tool_end: "Tool ends",
  diagnosis: "Diagnosis",
  patch: "Patch",
  evidence: "Tests",
  review: "Review",
  approval: "Question",
  budget: "Budget",
  pull_request: "Pull request",
  effect: "Outer effect",
  alert: "Alert",
  identity: "Identity",
  integration: "Integration",
  search: "Search",
  demo: "Demo",
};

export function isEventType(name: string): name is EventType {
  return Object.hasOwn(EVENT_LABELS, name);
}
