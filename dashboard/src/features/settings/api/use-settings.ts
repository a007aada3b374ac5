import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Settings = Schemas["SettingsView"];
export type Option = Schemas["OptionFacts"];
export type Integration = Schemas["IntegrationFacts"];
export type Report = Schemas["DoctorView"];

/** Options and how each integration stands now. */
export function useSettings() {
  return useQuery({ queryKey: ["settings"], queryFn: () => answerOf(api.GET("/settings")) });
}

/** US dollars that model calls cost since midnight, UTC. */
export function useSpentToday() {
  return useQuery({
    queryKey: ["stats", "today"],
    queryFn: async () => {
      const since = `${new Date().toISOString().slice(0, 10)}T00:00:00Z`;
      return (await answerOf(api.GET("/stats", { params: { query: { since } } }))).cost;
    },
  });
}

/** The examination takes seconds and opens a sandbox: it runs when it is asked for. */
export function useDoctor() {
  return useMutation({ mutationFn: () => answerOf(api.GET("/doctor")) });
}

/** Sends a message that only tells that it arrived. */
export function useChannelTest(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(api.POST("/channels/{name}/test", { params: { path: { name } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["settings"] }),
  });
}
