/** The screen of all that happened, joined to its address. */
import { getRouteApi } from "@tanstack/react-router";
import { Activity } from "@/features/activity/components/activity";

const activity = getRouteApi("/activity");

export function ActivityScreen() {
  const {
    list = "events",
    task = "",
    role = "",
    type = "",
    q = "",
    after = 0,
  } = activity.useSearch();
  const navigate = activity.useNavigate();
  const go = { replace: true, resetScroll: false } as const;
  return (
    <Activity
      list={list}
      filters={{ task, role, type, q, after }}
      onList={(chosen) => void navigate({ search: (old) => ({ ...old, list: chosen }), ...go })}
      onFilters={(filters) => void navigate({ search: (old) => ({ ...old, ...filters }), ...go })}
    />
  );
}
