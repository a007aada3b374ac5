import { useQuery } from "@tanstack/react-query";
import { answerOf, api } from "@/lib/api";

/** Tasks that are open and not at work: those that wait for people, and those that wait their turn. */
export function useOpenTasks(status: "waiting_for_input" | "queued") {
  return useQuery({
    queryKey: ["tasks", "open", status],
    queryFn: async () =>
      (await answerOf(api.GET("/tasks", { params: { query: { status, limit: 200 } } }))).tasks,
  });
}
