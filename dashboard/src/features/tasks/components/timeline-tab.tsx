/** Steps as bars over time; work of agents and waiting for people stand in lanes of their own. */
import { useMemo } from "react";
import { Prose } from "@/components/prose";
import { When } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import { useNow } from "@/lib/clock";
import { duration } from "@/lib/format";
import type { LoggedEvent } from "../api/use-task";
import { spansOf } from "../api/spans";

export function TimelineTab({
  events,
  ended,
}: {
  events: readonly LoggedEvent[];
  ended: string | null;
}) {
  const now = useNow();
  const until = ended ? Date.parse(ended) : now;
  const { spans, length } = useMemo(() => spansOf(events, until), [events, until]);
  const human = spans.filter((span) => span.lane === "human");
  const agent = spans.filter((span) => span.lane === "agent");
  const total = (of: typeof spans) => of.reduce((sum, span) => sum + span.end - span.begin, 0);
  return (
    <>
      <p>
        Work <strong>{duration(total(agent))}</strong> · waiting for people{" "}
        <strong>{duration(total(human))}</strong>
        {human.some((span) => span.folded) && <span className="quiet"> (drawn shorter)</span>}
      </p>
      <ol className="spans">
        {spans.map((span, at) => (
          <li key={at}>
            <span className="span-name">
              {span.lane === "human" ? "You: " : ""}
              {nodeLabel(span.node)}
            </span>
            <span className="span-track">
              <span
                className={`span-bar span-${span.lane}`}
                style={{
                  insetInlineStart: `${(100 * span.shownAt) / length}%`,
                  inlineSize: `${Math.max(0.6, (100 * span.shown) / length)}%`,
                }}
              />
            </span>
            <span
              className="span-time"
              title={span.folded ? "Drawn shorter than it was" : undefined}
            >
              {duration(span.end - span.begin)}
            </span>
          </li>
        ))}
      </ol>
      <h2>Events</h2>
      <ol className="events">
        {events
          .filter(
            (event) => event.type === "node" || event.type === "status" || event.type === "end",
          )
          .map((event) => (
            <li key={event.seq}>
              <When at={event.ts} />
              <span>
                <Prose text={sentence(event)} />
              </span>
            </li>
          ))}
      </ol>
    </>
  );
}

function sentence({ type, data }: LoggedEvent): string {
  const facts = data as Record<string, string | undefined>;
  const what =
    type === "node"
      ? `${nodeLabel(facts.node ?? "")} ${facts.state ?? ""}`
      : type === "status"
        ? `Task ${(facts.status ?? "").replaceAll("_", " ")}`
        : `Ended: ${facts.outcome ?? facts.reason ?? ""}`;
  return facts.summary ? `${what}: ${facts.summary}` : what;
}
