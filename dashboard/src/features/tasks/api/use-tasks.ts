import { useMutation } from "@tanstack/react-query";
import { answerOf, api, type Schemas } from "@/lib/api";

export type Report = Pick<
  Schemas["CreateTask"],
  "task_description" | "repo" | "ticket" | "base" | "test" | "repro" | "join"
> & { budget_usd: number | null; key: string };

export type Begun = Schemas["TaskStarted"];

export function useSubmit() {
  return useMutation({
    mutationFn: ({ key, ...report }: Report): Promise<Begun> =>
      answerOf(
        api.POST("/tasks", {
          params: { header: { "idempotency-key": key } },
          body: { ...report, workflow: "repair", queue: true, use_sandbox: true, seed: 0 },
        }),
      ),
  });
}
