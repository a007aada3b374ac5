/** Who is at work: tasks, the roles in them and the model calls of those, read from events. */
import type { LoggedEvent } from "@/lib/events";

export interface Call {
  id: string;
  model: string;
  attempt: number;
  since: string;
  /** The beginning of what was asked, untrusted. */
  preview: string;
}

export interface RoleAtWork {
  role: string;
  node: string;
  since: string;
  /** What plays it: a model, or an engine of rules. */
  by: string;
  /** Model calls that are under way. */
  calls: Call[];
  /** Calls that have come back, in this go. */
  done: number;
  /** Of those, in dollars; null when the price of any is unknown. */
  costUsd: number | null;
}

export interface Work {
  /** The step that runs now, and since when. */
  steps: { node: string; since: string }[];
  roles: RoleAtWork[];
}

const text = (value: unknown) => (typeof value === "string" ? value : "");

/** What goes on in a task after all of its events so far. */
export function workOf(events: readonly LoggedEvent[]): Work {
  const steps = new Map<string, string>();
  const roles = new Map<string, RoleAtWork>();
  const go = (event: LoggedEvent, data: Record<string, unknown>): RoleAtWork => {
    const role = event.role || text(data.role);
    const known = roles.get(role);
    if (known) return known;
    const begun = { role, node: text(data.node), since: event.ts, by: "", calls: [], done: 0 };
    const fresh: RoleAtWork = { ...begun, costUsd: 0 };
    roles.set(role, fresh);
    return fresh;
  };
  for (const event of events) {
    const data = event.data ?? {};
    const node = text(data.node);
    if (event.type === "node") {
      if (data.state === "started") steps.set(node, event.ts);
      else {
        steps.delete(node);
        for (const [role, one] of roles) if (one.node === node) roles.delete(role);
      }
    } else if (event.type === "agent_start") {
      const one = go(event, data);
      one.by = text(data.model) || text(data.engine) || one.by;
    } else if (event.type === "agent_end" && !text(data.path).endsWith("/tools"))
      roles.delete(event.role || text(data.role));
    else if (event.type === "llm_start") start(go(event, data), event, data);
    else if (event.type === "llm_end") finish(roles.get(event.role || text(data.role)), data);
    else if (event.type === "end" || (event.type === "status" && data.status !== "running")) {
      steps.clear();
      roles.clear();
    }
  }
  return {
    steps: [...steps].map(([node, since]) => ({ node, since })),
    roles: [...roles.values()],
  };
}

function start(one: RoleAtWork, event: LoggedEvent, data: Record<string, unknown>): void {
  one.by = text(data.model) || one.by;
  one.calls = one.calls.filter((call) => call.id !== data.call_id);
  one.calls.push({
    id: text(data.call_id),
    model: text(data.model),
    attempt: Number(data.attempt ?? 1),
    since: event.ts,
    preview: text(data.prompt_preview),
  });
}

function finish(one: RoleAtWork | undefined, data: Record<string, unknown>): void {
  if (!one) return;
  one.calls = one.calls.filter((call) => call.id !== data.call_id);
  one.done += 1;
  const paid = typeof data.cost_usd === "number" ? data.cost_usd : null;
  one.costUsd = one.costUsd === null || paid === null ? null : one.costUsd + paid;
}
