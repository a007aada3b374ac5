/** Steps over time; work of agents and waiting for people stand in lanes of their own. */
import { useMemo } from "react";
import { Prose } from "@/components/prose";
import { Empty } from "@/components/states";
import { Clock } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import { useNow } from "@/lib/clock";
import { duration } from "@/lib/format";
import type { LoggedEvent } from "../api/use-task";
import { spansOf, tracksOf, type Span } from "../api/spans";

interface Props {
  events: readonly LoggedEvent[];
  ended: string | null;
}

export function TimelineTab({ events, ended }: Props) {
  const now = useNow();
  const until = ended ? Date.parse(ended) : now;
  const { spans, length } = useMemo(() => spansOf(events, until), [events, until]);
  if (!spans.length) return <Empty title="Nothing has happened yet." />;
  const human = spans.filter((span) => span.lane === "human");
  const agent = spans.filter((span) => span.lane === "agent");
  return (
    <>
      <div className="lanes" role="img" aria-label={drawn(agent, human)}>
        <Lane name="Agents" spans={agent} length={length} />
        <Lane name="People" spans={human} length={length} />
      </div>
      <table className="plain steps">
        <caption className="visually-hidden">Steps in order</caption>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Who</th>
            <th scope="col">Begun</th>
            <th scope="col">Took</th>
          </tr>
        </thead>
        <tbody>
          {spans.map((span, at) => (
            <tr key={at}>
              <td>{named(span)}</td>
              <td>{span.lane === "human" ? "People" : "Agents"}</td>
              <td>
                <Clock at={new Date(span.begin).toISOString()} />
              </td>
              <td>
                {duration(span.end - span.begin)}
                {span.open && <span className="quiet"> so far</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <h2>Events</h2>
      <ol className="events">
        {events
          .filter(({ type }) => type === "node" || type === "status" || type === "end")
          .map((event) => (
            <li key={event.seq}>
              <Clock at={event.ts} />
              <span>
                <Prose text={sentence(event)} />
              </span>
            </li>
          ))}
      </ol>
    </>
  );
}

interface LaneProps {
  name: string;
  spans: readonly Span[];
  length: number;
}

function Lane({ name, spans, length }: LaneProps) {
  const tracks = tracksOf(spans);
  const share = (ms: number) => `${(100 * ms) / length}%`;
  return (
    <div className="lane">
      <span className="lane-name">
        {name} <span className="quiet">{duration(total(spans))}</span>
      </span>
      <div className="lane-tracks">
        {(tracks.length ? tracks : [[]]).map((track, at) => (
          <div key={at} className="span-track">
            {track.map((span) => (
              <span
                key={span.begin}
                className={`span-bar span-${span.lane}`}
                title={`${named(span)}: ${duration(span.end - span.begin)}`}
                style={{
                  insetInlineStart: share(span.shownAt),
                  inlineSize: `max(${share(span.shown)}, 4px)`,
                }}
              >
                <span className="span-label">
                  {span.folded ? `${duration(span.end - span.begin)} waiting` : named(span)}
                </span>
              </span>
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function total(spans: readonly Span[]): number {
  return spans.reduce((sum, span) => sum + span.end - span.begin, 0);
}

function named({ node, attempt }: Span): string {
  return attempt > 1 ? `${nodeLabel(node)}, attempt ${attempt}` : nodeLabel(node);
}

function drawn(agent: readonly Span[], human: readonly Span[]): string {
  return `Agents worked ${duration(total(agent))}; people were waited for ${duration(total(human))}. The table below has each step.`;
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
