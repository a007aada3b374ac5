import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas, type Task } from "@/lib/api";

export type ChangedFile = Schemas["ChangedFile"];

/** The files of the latest patch, as they are with it. */
export function useFiles(task: Task) {
  return useQuery({
    queryKey: ["task", task.task_id, "files", task.patch?.hash ?? ""],
    queryFn: () =>
      answerOf(api.GET("/tasks/{ref}/files", { params: { path: { ref: task.task_id } } })),
  });
}
