/** One incident, joined to its address. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IncidentPage } from "@/features/incidents/components/incident-page";
import { useSession } from "@/features/session/api/use-session";

const one = getRouteApi("/incidents/$incidentId");

export function IncidentScreen() {
  const { incidentId } = one.useParams();
  const navigate = useNavigate();
  const scopes = useSession().data?.scopes ?? [];
  return (
    <IncidentPage
      key={incidentId}
      incidentId={incidentId}
      mayAct={scopes.includes("operate")}
      onTask={(taskId) => void navigate({ to: "/tasks/$taskId", params: { taskId } })}
    />
  );
}
