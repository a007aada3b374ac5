/** What the signed-in key may do; the server decides, this only says so beforehand. */
import { useQueryClient } from "@tanstack/react-query";
import type { Schemas } from "@/lib/api";

/** Why something is not allowed, in words; empty where it is. */
export function useLacking(scope: string, doing: string): string {
  const session = useQueryClient().getQueryData<Schemas["SessionView"]>(["session"]);
  if (!session || session.scopes.includes(scope)) return "";
  return `${doing} needs a key with scope ${scope}.`;
}
