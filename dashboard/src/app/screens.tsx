/** Screens that are loaded when they are opened, joined to their addresses. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useSession } from "@/features/session/api/use-session";
import { PARTS, Settings, type Part } from "@/features/settings/components/settings";
import { Submit } from "@/features/tasks/components/submit";

const settings = getRouteApi("/settings/$part");

export function SettingsScreen() {
  const { part } = settings.useParams();
  const scopes = useSession().data?.scopes ?? [];
  const known = PARTS.find(([name]) => name === part)?.[0] ?? "configuration";
  return <Settings part={known satisfies Part} scopes={scopes} />;
}

export function SubmitScreen() {
  const navigate = useNavigate();
  return (
    <Submit onBegun={(taskId) => void navigate({ to: "/tasks/$taskId", params: { taskId } })} />
  );
}
