/** What a person tells a task beside an answer to its question. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, Unreachable, type Schemas } from "@/lib/api";

function useFresh(taskId: string) {
  const queries = useQueryClient();
  return () =>
    Promise.all(
      [["task", taskId], ["approval", taskId], ["approvals"], ["tasks"]].map((queryKey) =>
        queries.invalidateQueries({ queryKey }),
      ),
    );
}

/** Plain words for the question that waits; what was understood comes back. */
export function useReply(taskId: string, approvalId: string) {
  const refresh = useFresh(taskId);
  return useMutation({
    mutationFn: (text: string): Promise<Schemas["Replied"]> =>
      answerOf(
        api.POST("/tasks/{ref}/reply", {
          params: { path: { ref: taskId } },
          body: { text, approval_id: approvalId },
        }),
      ),
    onSettled: refresh,
  });
}

export function useCancel(taskId: string) {
  const refresh = useFresh(taskId);
  return useMutation({
    mutationFn: () => answerOf(api.DELETE("/tasks/{ref}", { params: { path: { ref: taskId } } })),
    onSettled: refresh,
  });
}

/** Why something did not go, in words. */
export function trouble(error: Error | null): string {
  if (!error) return "";
  if (error instanceof Unreachable)
    return `Not sent. ${navigator.onLine ? "The server does not answer." : "You are offline."}`;
  return error.message;
}
