/** The list of incidents, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { IncidentList } from "@/features/incidents/components/incident-list";

const list = getRouteApi("/incidents");

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
