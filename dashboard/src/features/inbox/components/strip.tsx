/** How the house stands, in one line above the inbox; each figure leads to where it is from. */
import { Link } from "@tanstack/react-router";
import { Timed, When } from "@/components/when";
import { useNow } from "@/lib/clock";
import { duration, limit } from "@/lib/format";
import { useOverview, type Overview } from "../api/use-inbox";

export function Strip() {
  const { data } = useOverview();
  if (!data) return <div className="strip strip-empty" aria-hidden="true" />;
  return (
    <>
      <dl className="strip" aria-label="How the house stands">
        <div>
          <dt>Open tasks</dt>
          <dd>
            <Link to="/board" search={{}}>
              {open(data)}
            </Link>
          </dd>
        </div>
        <div>
          <dt>Open incidents</dt>
          <dd>
            <Link to="/incidents" search={{}}>
              {data.open_incidents}
            </Link>
          </dd>
        </div>
        <div>
          <dt>Agents busy</dt>
          <dd>
            <Link to="/agents">{data.agents_busy}</Link>
          </dd>
        </div>
        <div>
          <dt>Spent today</dt>
          <dd>
            {data.price_known ? "" : "≥ "}${data.spent_today_usd.toFixed(4)}
            {data.day_limit_usd !== null && (
              <span className="quiet"> of {limit(data.day_limit_usd)}</span>
            )}
          </dd>
        </div>
        <div>
          <dt>Up</dt>
          <dd>
            <Uptime since={data.started_at} />
          </dd>
        </div>
        <div>
          <dt>Alerts</dt>
          <dd className={data.alerts.length ? "bad" : ""}>{data.alerts.length || "none"}</dd>
        </div>
      </dl>
      {data.alerts.map((alert) => (
        <p key={alert.name} className="notice notice-warn strip-alert" role="status">
          {alert.said}{" "}
          <span className="quiet">
            since <When at={alert.raised_at} suffix="" />
          </span>{" "}
          <Link to="/activity" search={{ type: "alert" }}>
            All alerts
          </Link>
        </p>
      ))}
    </>
  );
}

function Uptime({ since }: { since: string }) {
  const now = useNow();
  return <Timed at={since}>{duration(Math.max(1_000, now - Date.parse(since)))}</Timed>;
}

function open({ tasks }: Overview): number {
  return (tasks.queued ?? 0) + (tasks.running ?? 0) + (tasks.waiting_for_input ?? 0);
}
