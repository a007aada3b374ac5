/** The settings, joined to their address. */
import { getRouteApi } from "@tanstack/react-router";
import { useSession } from "@/features/session/api/use-session";
import { PARTS } from "@/features/settings/api/parts";
import { Settings } from "@/features/settings/components/settings";

const settings = getRouteApi("/settings/$part");

export function SettingsScreen() {
  const { part } = settings.useParams();
  const scopes = useSession().data?.scopes ?? [];
  const known = PARTS.find(([name]) => name === part)?.[0] ?? "configuration";
  return <Settings part={known} scopes={scopes} />;
}
