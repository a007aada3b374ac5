import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { answerOf, api, type Schemas } from "@/lib/api";
import { useEvents } from "@/lib/live";
import type { AntonEvent } from "@/lib/stream/said";

export type Brief = Schemas["TaskBrief"];
type Board = Schemas["Board"];

const KEY = ["board"];
const REFETCH_MS = 2_000;

/**
 * The last thousand tasks; what events tell of them is put into the rows at once. Nobody hears
 * them while no component shows the tasks: whoever begins to has them fetched anew.
 */
export function useBoard() {
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents((events) => {
    const known = queries.getQueryData<Board>(KEY);
    if (!known) return;
    const { tasks, missed } = patched(known.tasks, events, known.as_of_seq);
    if (tasks !== known.tasks) queries.setQueryData<Board>(KEY, { ...known, tasks });
    if (missed)
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void queries.invalidateQueries({ queryKey: KEY });
      }, REFETCH_MS);
  });
  return useQuery({
    queryKey: KEY,
    refetchOnMount: "always",
    queryFn: () => answerOf(api.GET("/board")),
  });
}

/** The rows after some events, and whether these tell of more than a row can take from them. */
export function patched(
  tasks: Brief[],
  events: readonly AntonEvent[],
  asOf: number,
): { tasks: Brief[]; missed: boolean } {
  let missed = false;
  const at = new Map(tasks.map((task, index) => [task.task_id, index]));
  const changed = tasks.slice();
  let touched = false;
  for (const event of events) {
    if (event.seq <= asOf || !["status", "node", "end"].includes(event.type)) continue;
    const index = at.get(event.task_id);
    const task = index === undefined ? undefined : changed[index];
    if (index === undefined || task === undefined) {
      missed = true;
      continue;
    }
    changed[index] = { ...task, ...told(event), updated_at: event.ts };
    touched = true;
    missed ||= event.type !== "node" || event.data.state !== "started";
  }
  return { tasks: touched ? changed : tasks, missed };
}

function told({ type, data }: AntonEvent): Partial<Brief> {
  if (type === "node") return data.state === "started" ? { node: String(data.node) } : {};
  const reason = data.reason ? { reason: String(data.reason) } : {};
  if (type === "end") return { outcome: data.outcome as Brief["outcome"], ...reason };
  return { status: data.status as Brief["status"], ...reason };
}
