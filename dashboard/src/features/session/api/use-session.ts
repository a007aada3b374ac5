import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api, Problem, type Schemas } from "@/lib/api";

export type Session = Schemas["SessionView"];

/** Who is signed in; null when nobody is. */
export function useSession() {
  return useQuery({
    queryKey: ["session"],
    queryFn: async (): Promise<Session | null> => {
      try {
        return await answerOf(api.GET("/session"));
      } catch (error) {
        if (error instanceof Problem && error.status === 401) return null;
        throw error;
      }
    },
  });
}

export function useSignIn() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (key: string) => answerOf(api.POST("/session", { headers: { "X-API-Key": key } })),
    onSuccess: (session) => queries.setQueryData(["session"], session),
  });
}

export function useSignOut() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => answerOf(api.DELETE("/session")),
    onSuccess: () => {
      queries.clear();
      queries.setQueryData(["session"], null);
    },
  });
}
