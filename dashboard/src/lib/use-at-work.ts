import { useQueries, useQuery } from "@tanstack/react-query";
import { answerOf, api, type TaskFacts } from "@/lib/api";
import { workOf, type Work } from "@/lib/at-work";
import { eventsOf, type LoggedEvent } from "@/lib/events";

export interface TaskAtWork {
  task: TaskFacts;
  /** Undefined until its events are there. */
  work: Work | undefined;
}

/** Tasks that run, with the roles at work in each; refreshed by the stream. */
export function useAtWork() {
  const running = useQuery({
    queryKey: ["tasks", "at-work"],
    queryFn: () =>
      answerOf(api.GET("/tasks", { params: { query: { status: "running", limit: 200 } } })),
  });
  const tasks = running.data?.tasks ?? [];
  const logged = useQueries({
    queries: tasks.map((task) => ({
      queryKey: ["events", task.task_id],
      queryFn: ({ client, queryKey }) =>
        eventsOf(task.task_id, client.getQueryData<LoggedEvent[]>(queryKey)),
    })),
  });
  const atWork = tasks.map((task, at): TaskAtWork => {
    const events = logged[at]?.data;
    return { task, work: events && workOf(events) };
  });
  return { running, atWork };
}
