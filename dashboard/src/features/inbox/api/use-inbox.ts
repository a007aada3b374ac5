import { useQuery } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Waiting = Schemas["InboxItem"];
export type Overview = Schemas["Overview"];

/** Questions that wait, oldest harm first: by severity, then by age. */
export function useInbox() {
  return useQuery({
    queryKey: ["approvals", "pending"],
    queryFn: async (): Promise<Waiting[]> => (await answerOf(api.GET("/inbox"))).waiting,
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

export function useOverview() {
  return useQuery({
    queryKey: ["overview"],
    queryFn: () => answerOf(api.GET("/overview")),
  });
}
