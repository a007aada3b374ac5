import { useInfiniteQuery, useQuery, type QueryClient } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Incident = Schemas["IncidentFacts"];
export type IncidentPage = Schemas["IncidentView"];
export type State = Incident["state"];

/** States that belong together for people, in the order of the tabs. */
export const GROUPS = {
  care: [
    ...["open", "triaging", "diagnosing", "awaiting_approval", "fixing", "reviewing"],
    ...["awaiting_fix_approval", "verification_failed", "awaiting_refix_approval"],
    ...["awaiting_merge", "rejected"],
  ],
  waiting: ["awaiting_approval", "awaiting_fix_approval", "awaiting_refix_approval"],
  noise: ["noise"],
  settled: ["resolved", "duplicate"],
  all: [],
} satisfies Record<string, string[]> as Record<string, State[]>;

/** The states that an address asks for: a group by name, or one state. */
export function statesOf(chosen: string): State[] {
  return GROUPS[chosen] ?? ([chosen] as State[]);
}

export function useIncidents(state: string, text: string) {
  return useInfiniteQuery({
    queryKey: ["incidents", state, text],
    initialPageParam: "",
    queryFn: ({ pageParam: cursor }) => {
      const query = { state: statesOf(state), q: text, cursor, limit: 50 };
      return answerOf(api.GET("/incidents", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor,
    placeholderData: (before) => before,
  });
}

export function useIncident(ref: string) {
  return useQuery({
    queryKey: ["incident", ref],
    queryFn: () => answerOf(api.GET("/incidents/{ref}", { params: { path: { ref } } })),
  });
}

/** Act on an incident; what comes back, or its refusal, is the truth about it. */
export const acts = {
  dismiss: (ref: string, reason: string, until: string | null) =>
    answerOf(
      api.POST("/incidents/{ref}/dismiss", { params: { path: { ref } }, body: { reason, until } }),
    ),
  reopen: (ref: string, reason: string) =>
    answerOf(api.POST("/incidents/{ref}/reopen", { params: { path: { ref } }, body: { reason } })),
  resolve: (ref: string, reason: string) =>
    answerOf(api.POST("/incidents/{ref}/resolve", { params: { path: { ref } }, body: { reason } })),
  merge: (ref: string, into: string) =>
    answerOf(api.POST("/incidents/{ref}/merge", { params: { path: { ref } }, body: { into } })),
  fix: (ref: string) => answerOf(api.POST("/incidents/{ref}/fix", { params: { path: { ref } } })),
};

export function refresh(queries: QueryClient): void {
  void queries.invalidateQueries({ queryKey: ["incidents"] });
  void queries.invalidateQueries({ queryKey: ["incident"] });
  void queries.invalidateQueries({ queryKey: ["tasks"] });
}
