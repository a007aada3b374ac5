/** The revisions of a patch: each release that was asked for is one. */
import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Approval, type ApprovalFacts, type Schemas } from "@/lib/api";

export type Changes = Schemas["ChangesView"];

/** All questions of a task, oldest first. */
export function useQuestions(taskId: string) {
  return useQuery({
    queryKey: ["approval", taskId, "all"],
    queryFn: async (): Promise<ApprovalFacts[]> => {
      const asked = api.GET("/approvals", { params: { query: { task: taskId } } });
      const { approvals } = await answerOf(asked);
      return [...approvals].sort((a, b) => a.created_at.localeCompare(b.created_at));
    },
  });
}

/** The question that matters now: the one that waits, else the last release, else the last. */
export function questionNow(asked: readonly ApprovalFacts[]): ApprovalFacts | undefined {
  return (
    asked.findLast((one) => one.state === "pending") ??
    asked.findLast((one) => one.kind === "release") ??
    asked.at(-1)
  );
}

/** Those that a patch was shown with, oldest first; one for each revision. */
export function revisionsOf(asked: readonly ApprovalFacts[]): ApprovalFacts[] {
  const shown = asked.filter((one) => one.kind === "release" && one.patch_hash);
  return shown.filter((one, at) => shown.findLastIndex((o) => o.revision === one.revision) === at);
}

export function useQuestion(taskId: string, approvalId: string | undefined) {
  return useQuery({
    queryKey: ["approval", taskId, approvalId],
    enabled: approvalId !== undefined,
    queryFn: (): Promise<Approval> => {
      const path = { approval_id: approvalId ?? "" };
      return answerOf(api.GET("/approvals/{approval_id}", { params: { path } }));
    },
  });
}

/** What changed in the patch since an earlier revision. */
export function useChanges(shown: ApprovalFacts | undefined, since: number | undefined) {
  return useQuery({
    queryKey: ["changes", shown?.approval_id, since],
    enabled: shown !== undefined && since !== undefined,
    staleTime: Infinity,
    queryFn: (): Promise<Changes> =>
      answerOf(
        api.GET("/approvals/{approval_id}/changes", {
          params: { path: { approval_id: shown?.approval_id ?? "" }, query: { since: since ?? 0 } },
        }),
      ),
  });
}
