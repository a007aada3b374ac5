import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type ApprovalFacts, type TaskFacts } from "@/lib/api";

export interface Waiting {
  approval: ApprovalFacts;
  /** Undefined when it is not among the tasks that were listed. */
  task: TaskFacts | undefined;
}

/** Questions that wait, oldest harm first: by severity, then by age. */
export function useInbox() {
  return useQuery({
    queryKey: ["approvals", "pending"],
    queryFn: async (): Promise<Waiting[]> => {
      const [asked, listed] = await Promise.all([
        answerOf(api.GET("/approvals", { params: { query: { state: "pending" } } })),
        answerOf(
          api.GET("/tasks", { params: { query: { status: "waiting_for_input", limit: 200 } } }),
        ),
      ]);
      const tasks = new Map(listed.tasks.map((task) => [task.task_id, task]));
      return asked.approvals
        .map((approval) => ({ approval, task: tasks.get(approval.task_id) }))
        .sort(byHarm);
    },
  });
}

/** Questions that were answered, latest first. */
export function useDecided(enabled: boolean) {
  return useQuery({
    queryKey: ["approvals", "decided"],
    enabled,
    queryFn: async () => {
      const { approvals } = await answerOf(api.GET("/approvals"));
      return approvals
        .filter((approval) => approval.state !== "pending")
        .sort((a, b) => (b.decided_at ?? b.created_at).localeCompare(a.decided_at ?? a.created_at));
    },
  });
}

export function useCounts() {
  return useQuery({
    queryKey: ["tasks", "running"],
    queryFn: async () => {
      const query = { status: "running", limit: 200 } as const;
      return (await answerOf(api.GET("/tasks", { params: { query } }))).tasks.length;
    },
  });
}

function byHarm(a: Waiting, b: Waiting): number {
  const severity = (a.task?.severity ?? "P9").localeCompare(b.task?.severity ?? "P9");
  return severity || a.approval.created_at.localeCompare(b.approval.created_at);
}
