/** One incident: where it stands, what was done, and what can be done now. */
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Log } from "@/components/log";
import { PullRequestLink } from "@/components/pull-request-link";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { Problem } from "@/lib/api";
import { plural } from "@/lib/format";
import { useIncident, type IncidentPage as View } from "../api/use-incidents";
import { ActDialog, type Act } from "./act-dialog";
import { silence, StateBadge, stateWords } from "./state-badge";
import "./incidents.css";

const ACTS: [act: Act, label: string][] = [
  ["fix", "Fix now…"],
  ["reopen", "Reopen…"],
  ["dismiss", "Dismiss…"],
  ["merge", "Merge…"],
  ["resolve", "Resolve…"],
];

interface Props {
  incidentId: string;
  mayAct: boolean;
  onTask: (taskId: string) => void;
}

export function IncidentPage({ incidentId, mayAct, onTask }: Props) {
  const shown = useIncident(incidentId);
  if (shown.isPending) return <Loading what="the incident" rows={4} />;
  if (!shown.data)
    return shown.error instanceof Problem && shown.error.status === 404 ? (
      <Empty alone title="There is no such incident.">
        <Link to="/incidents">All incidents</Link>
      </Empty>
    ) : (
      <Failed what="the incident" error={shown.error} retry={() => void shown.refetch()} />
    );
  return <Shown incident={shown.data} mayAct={mayAct} onTask={onTask} />;
}

function Shown({ incident, mayAct, onTask }: { incident: View } & Omit<Props, "incidentId">) {
  const [act, setAct] = useState<Act>();
  const [done, setDone] = useState("");
  return (
    <article className="incident">
      <header className="task-head">
        <p className="crumbs quiet">
          <Link to="/incidents">Incidents</Link> / <Severity level={incident.severity} />{" "}
          {incident.ticket ? `${incident.ticket} · ` : ""}
          {incident.incident_id.slice(0, 8)}
        </p>
        <h1>
          <ForeignText text={incident.title} />
        </h1>
        <p className="incident-state">
          <StateBadge incident={incident} />
          {incident.silent && <span>{silence(incident)}:</span>}
          {incident.reason && (
            <span>
              <ForeignText text={incident.reason} />
            </span>
          )}
        </p>
      </header>
      <section className="card" aria-label="Summary">
        <dl className="facts-row">
          <Fact name="Seen">{plural(incident.count, "time")}</Fact>
          <Fact name="Last">
            <When at={incident.last_seen_at} />
          </Fact>
          <Fact name="First">
            <When at={incident.first_seen_at} />
          </Fact>
          <Fact name="Repository">
            <ForeignText text={incident.repo} />
          </Fact>
          <Fact name="Reported in">{incident.source}</Fact>
        </dl>
        <Relations incident={incident} />
      </section>
      {done && (
        <p className="notice notice-good" role="status">
          {done}
        </p>
      )}
      <Actions incident={incident} mayAct={mayAct} onAct={setAct} />
      <Tasks incident={incident} />
      <History incident={incident} />
      {act && (
        <ActDialog
          act={act}
          incident={incident}
          onClose={() => setAct(undefined)}
          onDone={(said, taskId) => {
            setAct(undefined);
            if (taskId) onTask(taskId);
            else setDone(said);
          }}
        />
      )}
    </article>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Relations({ incident }: { incident: View }) {
  const related = [
    ["It came back: it was resolved as", incident.regression_of],
    ["Its reports go to", incident.merged_into],
    ["Kept apart from", incident.apart_from],
  ] as const;
  return (
    <>
      {related.map(
        ([said, id]) =>
          id && (
            <p key={said}>
              {said}{" "}
              <Link to="/incidents/$incidentId" params={{ incidentId: id }}>
                incident {id.slice(0, 8)}
              </Link>
              .
            </p>
          ),
      )}
      {incident.pr_url && (
        <p>
          <PullRequestLink url={incident.pr_url} />
        </p>
      )}
    </>
  );
}

interface ActionsProps {
  incident: View;
  mayAct: boolean;
  onAct: (act: Act) => void;
}

function Actions({ incident, mayAct, onAct }: ActionsProps) {
  const { task_id: task, may } = incident;
  if (task)
    return (
      <p className="quiet">
        <Link to="/tasks/$taskId" params={{ taskId: task }}>
          Task {task.slice(0, 8)}
        </Link>{" "}
        works on it. Cancel it there to dismiss, merge or resolve this.
      </p>
    );
  if (!mayAct) return <p className="quiet">Acting on incidents needs a key with scope operate.</p>;
  return (
    <div className="buttons" role="group" aria-label="Actions">
      {ACTS.filter(([act]) => may.includes(act)).map(([act, label]) => (
        <button
          key={act}
          type="button"
          className={act === "fix" ? "primary" : ""}
          onClick={() => onAct(act)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

function Tasks({ incident }: { incident: View }) {
  return (
    <section className="card" aria-labelledby="incident-tasks">
      <h2 id="incident-tasks">Tasks</h2>
      {incident.tasks.length === 0 && <p className="quiet">None has been begun.</p>}
      <ul className="incident-lines">
        {incident.tasks.map((task) => (
          <li key={task.task_id}>
            <Status status={task.status} outcome={task.outcome} />
            <span>
              <Link to="/tasks/$taskId" params={{ taskId: task.task_id }}>
                {task.task_id.slice(0, 8)}
              </Link>{" "}
              {task.reason && (
                <span className="quiet">
                  <ForeignText text={task.reason} />
                </span>
              )}
            </span>
            <span className="quiet line-when">
              <When at={task.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

type Entry = View["history"][number];

function History({ incident }: { incident: View }) {
  return (
    <section className="card" aria-labelledby="incident-history">
      <h2 id="incident-history">History</h2>
      <ol className="incident-lines">
        {incident.history.map((entry, at) => (
          <li key={`${entry.at} ${at}`}>
            <strong>{entryWords(entry)}</strong>
            <EntryText entry={entry} />
            <span className="quiet line-when">
              <When at={entry.at} />
              {entry.by && ` by ${entry.by}`}
            </span>
          </li>
        ))}
      </ol>
      {incident.forgotten && (
        <p className="quiet">Earlier reports and steps are no longer kept; they are counted.</p>
      )}
    </section>
  );
}

function EntryText({ entry }: { entry: Entry }) {
  const task = entry.task_id && entry.kind === "reported" && (
    <>
      {" "}
      <span className="quiet">{entry.began ? "began task" : "joined task"}</span>{" "}
      <Link to="/tasks/$taskId" params={{ taskId: entry.task_id }}>
        {entry.task_id.slice(0, 8)}
      </Link>
    </>
  );
  if (!entry.text)
    return (
      <span>
        <ForeignText text={entry.reason ?? ""} />
        {task}
      </span>
    );
  return (
    <details>
      <summary>
        <ForeignText text={entry.reason ?? "Its words"} />
        {task}
      </summary>
      <Log text={entry.text} />
    </details>
  );
}

function entryWords(entry: Entry): string {
  if (entry.kind === "state") return stateWords(entry.state);
  return entry.kind.charAt(0).toUpperCase() + entry.kind.slice(1);
}
