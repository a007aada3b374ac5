/** Whether what is shown is live, and else how old it is. */
import { clock } from "@/lib/format";
import { useLive } from "@/lib/live";

const STATES = {
  live: "Live",
  connecting: "Connecting…",
  reconnecting: "Reconnecting…",
  signed_out: "Signed out",
};

export function Connection() {
  const { connection, heardAt } = useLive();
  const stale = connection !== "live" && heardAt > 0 && connection !== "connecting";
  return (
    <span className={`connection connection-${connection}`} role="status">
      <span aria-hidden="true" className="dot" />
      {STATES[connection]}
      {stale && <span> showing {clock(heardAt)}</span>}
    </span>
  );
}

/** On the task page of a phone the navigation gives way: that the page is old is said here. */
export function Stale() {
  const { connection, heardAt } = useLive();
  if (connection === "live" || connection === "connecting") return null;
  return (
    <p className="notice notice-warn stale" role="status">
      {connection === "signed_out" ? "You are signed out." : "The connection is lost."}
      {heardAt > 0 && ` This is how it stood at ${clock(heardAt)}.`}
    </p>
  );
}
