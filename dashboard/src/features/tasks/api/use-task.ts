import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Approval, type Task } from "@/lib/api";
import { eventsOf, type LoggedEvent } from "@/lib/events";
import type { Proof } from "./facts";

export type { LoggedEvent };

export function useTask(taskId: string) {
  return useQuery({
    queryKey: ["task", taskId],
    queryFn: (): Promise<Task> =>
      answerOf(api.GET("/tasks/{ref}", { params: { path: { ref: taskId } } })),
  });
}

/** All stored events of a task, in order; what is known already is not asked for again. */
export function useTaskEvents(taskId: string) {
  return useQuery({
    queryKey: ["events", taskId],
    queryFn: ({ client, queryKey }) =>
      eventsOf(taskId, client.getQueryData<LoggedEvent[]>(queryKey)),
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

/** The whole proof of the latest patch; null as long as no test was run. */
export function useProof(task: Task) {
  return useQuery({
    queryKey: ["task", task.task_id, "proof", task.evidence?.tree_hash ?? ""],
    enabled: task.artifacts.some((one) => one.name === "evidence.json"),
    staleTime: Infinity,
    queryFn: async (): Promise<Proof> => {
      const path = { ref: task.task_id };
      return (await answerOf(api.GET("/tasks/{ref}/evidence", { params: { path } }))).proof;
    },
  });
}
