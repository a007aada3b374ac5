/** The screens of incidents, joined to their addresses. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IncidentList } from "@/features/incidents/components/incident-list";
import { IncidentPage } from "@/features/incidents/components/incident-page";
import { useSession } from "@/features/session/api/use-session";

const list = getRouteApi("/incidents");
const one = getRouteApi("/incidents/$incidentId");

export function IncidentsScreen() {
  const { state = "care", q = "" } = list.useSearch();
  const navigate = list.useNavigate();
  return (
    <IncidentList
      filters={{ state, q }}
      onFilters={(filters) =>
        void navigate({
          search: { state: filters.state, q: filters.q || undefined },
          replace: true,
        })
      }
    />
  );
}

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
