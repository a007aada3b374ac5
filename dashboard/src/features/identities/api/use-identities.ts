import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type IdentityCard = Schemas["IdentityCard"];
export type Rule = Schemas["RuleView"];
export type RuleText = Schemas["RuleText"];
export type Version = Schemas["IdentityVersionFacts"];
export type Difference = Schemas["IdentityDifference"];

/** The identities of all roles. */
export function useIdentities() {
  return useQuery({
    queryKey: ["identities", "all"],
    queryFn: async () => (await answerOf(api.GET("/identities"))).identities,
  });
}

export function useIdentity(role: string) {
  return useQuery({
    queryKey: ["identities", role],
    queryFn: () => answerOf(api.GET("/identities/{role}", { params: { path: { role } } })),
  });
}

/** The versions that are kept, newest first. */
export function useVersions(role: string) {
  return useQuery({
    queryKey: ["identities", role, "versions"],
    queryFn: async () =>
      (await answerOf(api.GET("/identities/{role}/versions", { params: { path: { role } } })))
        .versions,
  });
}

/** What is other in a version than in another one; idle while they are the same. */
export function useDifference(role: string, version: number, against: number) {
  return useQuery({
    queryKey: ["identities", role, "difference", version, against],
    enabled: version !== against && version > 0 && against > 0,
    queryFn: () =>
      answerOf(
        api.GET("/identities/{role}/difference", {
          params: { path: { role }, query: { version, against } },
        }),
      ),
  });
}

interface Rules {
  /** The version that was seen. */
  version: number;
  rules: RuleText[];
}

export function useSetRules(role: string) {
  const refresh = useRefresh(role);
  return useMutation({
    mutationFn: (body: Rules) =>
      answerOf(api.PUT("/identities/{role}/rules", { params: { path: { role } }, body })),
    onSettled: refresh,
  });
}

export function useRollBack(role: string) {
  const refresh = useRefresh(role);
  return useMutation({
    mutationFn: (body: { version: number; seen: number }) =>
      answerOf(api.POST("/identities/{role}/rollback", { params: { path: { role } }, body })),
    onSettled: refresh,
  });
}

/** The tasks that a role asked a model in, as far as its last 200 calls reach. */
export function useRoleTasks(role: string) {
  return useQuery({
    queryKey: ["calls", "role", role],
    queryFn: async () => {
      const query = { role, limit: 200 };
      const { calls } = await answerOf(api.GET("/logs", { params: { query } }));
      return tasksOf(calls);
    },
  });
}

export interface RoleTask {
  taskId: string;
  /** Of its task; null while that is open. */
  outcome: string | null;
  calls: number;
  failed: number;
  models: string[];
  costUsd: number | null;
  lastAt: string;
}

/** Calls, newest first, gathered by task. */
export function tasksOf(calls: readonly Schemas["CallLine"][]): RoleTask[] {
  const found = new Map<string, RoleTask>();
  for (const call of calls.filter((one) => one.task_id)) {
    const known = found.get(call.task_id);
    const one = known ?? {
      taskId: call.task_id,
      outcome: call.outcome,
      calls: 0,
      failed: 0,
      models: [],
      costUsd: 0,
      lastAt: call.ts,
    };
    one.calls += 1;
    one.failed += call.success ? 0 : 1;
    if (!one.models.includes(call.model)) one.models.push(call.model);
    const unknown = one.costUsd === null || call.cost_usd === null;
    one.costUsd = unknown ? null : (one.costUsd ?? 0) + (call.cost_usd ?? 0);
    found.set(call.task_id, one);
  }
  return [...found.values()];
}

function useRefresh(role: string) {
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: ["identities", role] });
    void queries.invalidateQueries({ queryKey: ["identities", "all"] });
  };
}
