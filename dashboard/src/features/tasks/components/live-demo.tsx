/** Where the change is shown live while it waits, or why it is not; asking for it decides nothing. */
import { ForeignText } from "@/components/foreign-text";
import { clock } from "@/lib/format";
import { addressOf, useStartDemo, type Demo } from "../api/demo";

export function LiveDemo({ taskId, demo }: { taskId: string; demo: Demo }) {
  const start = useStartDemo(taskId);
  return (
    <section className="card demo" aria-label="Live demo">
      <p role="status">
        <strong>Live demo</strong> <Standing demo={demo} />
      </p>
      {demo.can_start && (
        <button type="button" disabled={start.isPending} onClick={() => start.mutate()}>
          {demo.state === "offered" ? "Start demo" : "Restart demo"}
        </button>
      )}
      {start.error && (
        <p role="alert" className="trouble">
          Not started. {start.error.message}
        </p>
      )}
    </section>
  );
}

function Standing({ demo }: { demo: Demo }) {
  const address = addressOf(demo);
  switch (demo.state) {
    case "live":
      return address && <Live demo={demo} {...address} />;
    case "wanted":
    case "starting":
      return <span className="quiet">is being started …</span>;
    case "offered":
      return (
        <span className="quiet">
          is not started: it would have a public address, for all who know it.
        </span>
      );
    default:
      return (
        <span className="quiet">
          {demo.state === "ended" ? "is not running: " : "not available: "}
          <ForeignText text={demo.reason ?? "no reason is known"} />
        </span>
      );
  }
}

function Live({ demo, host, url }: { demo: Demo; host: string; url: string }) {
  const isHere = new URL(url).hostname.endsWith(".localhost");
  return (
    <>
      <a href={url} rel="noreferrer noopener" target="_blank">
        {host}
      </a>{" "}
      <span className="quiet">
        {demo.ends_at && `ends at ${clock(Date.parse(demo.ends_at))}`}
        {isHere && " · opens on Anton’s machine alone"}
      </span>
    </>
  );
}
