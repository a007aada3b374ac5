import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Approval, type Schemas, type Task } from "@/lib/api";
import { paths } from "@/config/paths";

export type LoggedEvent = Schemas["Event"];

export function useTask(taskId: string) {
  return useQuery({
    queryKey: ["task", taskId],
    queryFn: (): Promise<Task> =>
      answerOf(api.GET("/tasks/{ref}", { params: { path: { ref: taskId } } })),
  });
}

/** All stored events of a task, in order. */
export function useTaskEvents(taskId: string) {
  return useQuery({
    queryKey: ["events", taskId],
    queryFn: async (): Promise<LoggedEvent[]> => {
      const all: LoggedEvent[] = [];
      for (let after = 0; ;) {
        const query = { task: taskId, after };
        const page = await answerOf(api.GET("/events", { params: { query } }));
        all.push(...page.events);
        if (page.events.length === 0) return all;
        after = page.next_after;
      }
    },
  });
}

/** The question of a task that matters now: the one that waits, else the last release. */
export function useApproval(taskId: string) {
  return useQuery({
    queryKey: ["approval", taskId],
    queryFn: async (): Promise<Approval | null> => {
      const { approvals } = await answerOf(
        api.GET("/approvals", { params: { query: { task: taskId } } }),
      );
      const newest = [...approvals].sort((a, b) => b.created_at.localeCompare(a.created_at));
      const chosen =
        newest.find((one) => one.state === "pending") ??
        newest.find((one) => one.kind === "release") ??
        newest[0];
      if (!chosen) return null;
      const path = { approval_id: chosen.approval_id };
      return answerOf(api.GET("/approvals/{approval_id}", { params: { path } }));
    },
  });
}

/** A JSON file that a task left behind; null as long as there is none of that name. */
export function useArtifact<T>(task: Task | undefined, name: string) {
  const found = task?.artifacts.filter((one) => one.name === name).at(-1);
  const id = found ? String(found.id) : "";
  return useQuery({
    queryKey: ["artifact", task?.task_id, id],
    enabled: Boolean(task && id),
    staleTime: Infinity,
    queryFn: async (): Promise<T> => {
      const answer = await fetch(paths.artifact(task?.task_id ?? "", id));
      if (!answer.ok) throw new Error(`${name} could not be loaded (${answer.status}).`);
      return (await answer.json()) as T;
    },
  });
}
