/** Who is at work, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { Agents } from "@/features/agents/components/agents";

const agents = getRouteApi("/agents");

export function AgentsScreen() {
  return <Agents path={agents.useSearch().path ?? ""} />;
}
