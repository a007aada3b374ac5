/** The model calls of a task: those that are over from the log, those under way from events. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, type Schemas, type Task } from "@/lib/api";
import type { LoggedEvent } from "./use-task";

export type Call = Schemas["CallBrief"];
export type WholeCall = Schemas["WholeCall"];

interface Known {
  calls: Call[];
  cursor: string;
}

/** A call that was begun and is not in the log yet. */
export interface Begun {
  id: string;
  callId: string;
  role: string;
  model: string;
  preview: string;
  chars: number;
  ts: string;
  /** When it ended, in ms; null while it is under way. */
  endedAt: number | null;
}

const PAGE = 200;
/** How long the log may take to show a call that is over. */
const SLOW_MS = 60_000;
const AGAIN_MS = 2_000;

/** Calls that are over, in order; what is known already is not asked for again. */
export function useCalls(task: Task, begun: readonly Begun[]) {
  const queries = useQueryClient();
  const queryKey = ["calls", task.task_id];
  return useQuery({
    queryKey,
    refetchInterval: ({ state }) => {
      const over = begun.filter((one) => one.endedAt !== null);
      const missing = unlogged(over, state.data?.calls ?? [], false, Date.now());
      return missing.length ? AGAIN_MS : false;
    },
    queryFn: async (): Promise<Known> => {
      const known = queries.getQueryData<Known>(queryKey);
      const calls = [...(known?.calls ?? [])];
      for (let cursor = known?.cursor ?? ""; ;) {
        const page = await answerOf(
          api.GET("/tasks/{ref}/calls", {
            params: { path: { ref: task.task_id }, query: { cursor, limit: PAGE } },
          }),
        );
        calls.push(...page.calls);
        cursor = page.next_cursor;
        if (!page.more) return { calls, cursor };
      }
    },
  });
}

/** All that was said in a call, once somebody wants to see it. */
export function useWholeCall(taskId: string, callId: string, wanted: boolean) {
  return useQuery({
    queryKey: ["call", taskId, callId],
    enabled: wanted,
    staleTime: Infinity,
    queryFn: (): Promise<WholeCall> =>
      answerOf(
        api.GET("/tasks/{ref}/calls/{call_id}", {
          params: { path: { ref: taskId, call_id: callId } },
        }),
      ),
  });
}

/** Calls that were begun, and are under way as far as is known, or have ended a moment ago. */
export function callsBegun(events: readonly LoggedEvent[]): Begun[] {
  const begun = new Map<string, Begun & { node: string }>();
  for (const { type, data, ts } of events) {
    const id = `${String(data?.call_id)}-${String(data?.attempt)}`;
    const node = String(data?.node ?? "");
    const known = begun.get(id);
    if (type === "llm_start")
      begun.set(id, {
        id,
        node,
        callId: String(data?.call_id),
        role: String(data?.role ?? ""),
        model: String(data?.model ?? ""),
        preview: String(data?.prompt_preview ?? ""),
        chars: Number(data?.prompt_chars ?? 0),
        ts,
        endedAt: null,
      });
    else if (type === "llm_end" && known) begun.set(id, { ...known, endedAt: Date.parse(ts) });
    else if (type === "node")
      for (const [open, one] of begun)
        if (one.node === node && one.endedAt === null) begun.delete(open);
  }
  return [...begun.values()];
}

/** Of those that were begun, what the log does not show and is not given up. */
export function unlogged(
  begun: readonly Begun[],
  calls: readonly Call[],
  running: boolean,
  now: number,
): Begun[] {
  const stored = new Set(calls.map((call) => call.id));
  return begun.filter(
    ({ id, endedAt }) => !stored.has(id) && (endedAt === null ? running : now - endedAt < SLOW_MS),
  );
}
