/** One role, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { IdentityPage } from "@/features/identities/components/identity-page";
import { useSession } from "@/features/session/api/use-session";

const identity = getRouteApi("/identities/$role");

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
