/** The screen of figures, joined to its address; it brings the charts with it. */
import { getRouteApi } from "@tanstack/react-router";
import { Analytics } from "@/features/analytics/components/analytics";

const analytics = getRouteApi("/analytics");

export function AnalyticsScreen() {
  const { from = "", to = "", by = "role" } = analytics.useSearch();
  const navigate = analytics.useNavigate();
  const go = { replace: true, resetScroll: false } as const;
  return (
    <Analytics
      time={{ from, to }}
      by={by}
      onTime={(time) => void navigate({ search: (old) => ({ ...old, ...time }), ...go })}
      onBy={(chosen) => void navigate({ search: (old) => ({ ...old, by: chosen }), ...go })}
    />
  );
}
