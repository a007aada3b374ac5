/** Screens about roles: who they are, and who is at work. */
import { getRouteApi } from "@tanstack/react-router";
import { Agents } from "@/features/agents/components/agents";
import { IdentityCards } from "@/features/identities/components/identity-cards";
import { IdentityPage } from "@/features/identities/components/identity-page";
import { useSession } from "@/features/session/api/use-session";

const agents = getRouteApi("/agents");
const identity = getRouteApi("/identities/$role");

export function AgentsScreen() {
  return <Agents path={agents.useSearch().path ?? ""} />;
}

export { IdentityCards as IdentitiesScreen };

export function IdentityScreen() {
  const { role } = identity.useParams();
  const { tab = "identity", v, vs } = identity.useSearch();
  const navigate = identity.useNavigate();
  const scopes = useSession().data?.scopes ?? [];
  return (
    <IdentityPage
      key={role}
      role={role}
      view={{ tab, v, vs }}
      mayChange={scopes.includes("operate") || scopes.includes("admin")}
      onView={(view) => void navigate({ search: view, replace: true, resetScroll: false })}
    />
  );
}
