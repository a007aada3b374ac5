/** How each kind of row looks: a line that opens to all that is known. */
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { Clock } from "@/components/when";
import { EVENT_LABELS } from "@/config/events";
import { cost, duration, words } from "@/lib/format";
import type { LoggedEvent } from "@/lib/events";
import { isBad, toldOf } from "../api/told";
import type { AuditEntry, Call, MemoryChange } from "../api/use-activity";

interface LineProps {
  at: string;
  kind: string;
  bad?: boolean;
  task?: string;
  who?: string;
  text: string;
  children: ReactNode;
}

function Line({ at, kind, bad, task, who, text, children }: LineProps) {
  return (
    <details className="log-row">
      <summary>
        <Clock at={at} />
        <span className={bad ? "log-kind bad" : "log-kind"}>
          {bad && "✗ "}
          {kind}
        </span>
        <span className="log-who quiet">{who}</span>
        <span className="log-text">
          <ForeignText text={text} />
        </span>
      </summary>
      <div className="log-more">
        {task && (
          <p>
            <Link to="/tasks/$taskId" params={{ taskId: task }}>
              Task {task.slice(0, 8)}
            </Link>
          </p>
        )}
        {children}
      </div>
    </details>
  );
}

export function EventRow({ event }: { event: LoggedEvent }) {
  return (
    <Line
      at={event.ts}
      kind={EVENT_LABELS[event.type] ?? event.type}
      bad={isBad(event)}
      task={event.task_id}
      who={event.role || event.task_id.slice(0, 8)}
      text={toldOf(event)}
    >
      <p className="quiet">
        Event {event.seq}
        {event.incident_id && ` · incident ${event.incident_id.slice(0, 8)}`}
      </p>
      <Log text={JSON.stringify(event.data ?? {}, null, 2)} />
    </Line>
  );
}

export function CallRow({ call }: { call: Call }) {
  const figures = [
    call.model,
    `${call.tokens_in} → ${call.tokens_out} tokens`,
    cost(call.cost_usd),
    duration(call.latency_ms),
  ];
  return (
    <Line
      at={call.ts}
      kind={call.success ? "Answered" : "Failed"}
      bad={!call.success}
      who={call.role}
      text={`${figures.join(" · ")} · ${(call.error || call.preview).replace(/\s+/g, " ")}`}
    >
      {call.task_id && (
        <p>
          <Link
            to="/tasks/$taskId"
            params={{ taskId: call.task_id }}
            search={{ tab: "conversation", call: call.id }}
          >
            The whole call in task {call.task_id.slice(0, 8)}
          </Link>
        </p>
      )}
      <dl className="facts">
        <dt>Step</dt>
        <dd>{call.node || "none"}</dd>
        <dt>Attempt</dt>
        <dd>{call.attempt}</dd>
        <dt>Cached</dt>
        <dd>{call.tokens_cached} tokens</dd>
        <dt>Tools</dt>
        <dd>{call.tools.join(", ") || "none"}</dd>
        <dt>Its task</dt>
        <dd>{call.outcome ? words(call.outcome) : "not ended"}</dd>
      </dl>
      <Log text={call.error || call.preview || "Nothing is kept of what was said."} />
    </Line>
  );
}

export function AuditRow({ entry }: { entry: AuditEntry }) {
  return (
    <Line
      at={entry.at}
      kind={words(entry.action)}
      bad={entry.action.includes("refused")}
      task={entry.task_id}
      who={entry.actor}
      text={factsOf(entry.detail)}
    >
      <p className="quiet">Row {entry.number} of the audit log</p>
      <Log text={JSON.stringify(entry.detail, null, 2)} />
    </Line>
  );
}

/** Names and values in one line. */
function factsOf(detail: Record<string, unknown>): string {
  const shown = Object.entries(detail).map(([name, value]) => {
    const plain = typeof value === "object" ? JSON.stringify(value) : String(value);
    return `${words(name)}: ${plain}`;
  });
  return shown.join(" · ").replace(/\s+/g, " ");
}

export function MemoryRow({ change }: { change: MemoryChange }) {
  const size = `+${change.added.length} −${change.removed.length} rules`;
  return (
    <Line
      at={change.ts}
      kind={`${change.role} v${change.version}`}
      who=""
      text={`${size} · ${change.reason}`}
    >
      <ul>
        {change.added.map((rule) => (
          <li key={`+${rule}`}>
            <span className="added">+ </span>
            <ForeignText text={rule} />
          </li>
        ))}
        {change.removed.map((rule) => (
          <li key={`-${rule}`}>
            <span className="removed">− </span>
            <ForeignText text={rule} />
          </li>
        ))}
      </ul>
      <p>
        <Link to="/identities/$role" params={{ role: change.role }} search={{ v: change.version }}>
          {change.role} v{change.version}
        </Link>
      </p>
    </Line>
  );
}
