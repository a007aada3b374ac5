import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Demo = Schemas["DemoFacts"];

/** Have the change shown live, anew if it is; nothing is decided by it. */
export function useStartDemo(taskId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      answerOf(api.POST("/tasks/{ref}/demo", { params: { path: { ref: taskId } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["task", taskId] }),
  });
}

/** Host and address where it is live; null for what is no address of the web. */
export function addressOf(demo: Demo): { host: string; url: string } | null {
  if (!demo.url || !URL.canParse(demo.url)) return null;
  const { host, protocol } = new URL(demo.url);
  return protocol === "https:" || protocol === "http:" ? { host, url: demo.url } : null;
}
