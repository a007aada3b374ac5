import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Task } from "@/lib/api";
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

/** What a task left behind, and whether it is still kept. */
export function useDocuments(task: Task) {
  return useQuery({
    queryKey: ["task", task.task_id, "artifacts", task.artifacts.map((one) => one.id).join()],
    enabled: task.artifacts.length > 0,
    queryFn: () =>
      answerOf(api.GET("/tasks/{ref}/artifacts", { params: { path: { ref: task.task_id } } })),
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
