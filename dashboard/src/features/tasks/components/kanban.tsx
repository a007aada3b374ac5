/** Columns by step. Anton moves the cards; on a phone one column is shown, and a picker. */
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { When } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import { useNow } from "@/lib/clock";
import { cost, repoName } from "@/lib/format";
import type { Brief } from "../api/use-board";
import { columnOf, COLUMNS, type Column } from "./columns";

const SHOWN_MAX = 50;
const MINUTE_MS = 60_000;

export function Kanban({ tasks }: { tasks: readonly Brief[] }) {
  const now = useNow(MINUTE_MS);
  const columns = useMemo(() => {
    const found = new Map<Column, Brief[]>(COLUMNS.map(([name]) => [name, []]));
    for (const task of tasks) {
      const column = columnOf(task, now);
      if (column) found.get(column)?.push(task);
    }
    found.get("today")?.sort((a, b) => endOf(b).localeCompare(endOf(a)));
    return found;
  }, [tasks, now]);
  const [picked, setPicked] = useState<Column>();
  const busiest = COLUMNS.find(([name]) => columns.get(name)?.length)?.[0] ?? "queued";
  const shown = picked ?? (columns.get("you")?.length ? "you" : busiest);
  return (
    <>
      <select
        className="column-picker"
        aria-label="Column"
        value={shown}
        onChange={(event) => setPicked(event.target.value as Column)}
      >
        {COLUMNS.map(([name, label]) => (
          <option key={name} value={name}>
            {label} ({columns.get(name)?.length ?? 0})
          </option>
        ))}
      </select>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scroll area takes the focus */}
      <div className="kanban" role="region" aria-label="Columns" tabIndex={0}>
        {COLUMNS.map(([name, label]) => (
          <ColumnOf
            key={name}
            name={name}
            label={label}
            tasks={columns.get(name) ?? []}
            picked={shown === name}
          />
        ))}
      </div>
    </>
  );
}

interface ColumnProps {
  name: Column;
  label: string;
  tasks: readonly Brief[];
  picked: boolean;
}

function ColumnOf({ name, label, tasks, picked }: ColumnProps) {
  const more = tasks.length - SHOWN_MAX;
  return (
    <section
      className={`column ${picked ? "column-picked" : ""} ${tasks.length ? "" : "column-empty"}`}
      aria-label={label}
    >
      <h2 className={name === "you" && tasks.length ? "column-you" : ""}>
        {label} <span className="tally">{tasks.length}</span>
      </h2>
      <ul>
        {tasks.slice(0, SHOWN_MAX).map((task) => (
          <li key={task.task_id}>
            <Card task={task} />
          </li>
        ))}
      </ul>
      {more > 0 && <p className="quiet">and {more.toLocaleString()} more, in the table</p>}
    </section>
  );
}

function Card({ task }: { task: Brief }) {
  const ended = task.outcome !== null;
  return (
    <Link to="/tasks/$taskId" params={{ taskId: task.task_id }} className="task-card">
      <span className="card-top">
        <Severity level={task.severity} />
        <span className="quiet">{task.ticket ?? repoName(task.repo)}</span>
        {ended && <Status status={task.status} outcome={task.outcome} />}
      </span>
      <span className="card-title">
        <ForeignText text={task.title} />
      </span>
      <span className="quiet card-facts">
        {!ended && task.node && `${nodeLabel(task.node)} · `}
        {(task.iteration ?? 0) > 1 && `attempt ${task.iteration} · `}
        <When at={ended ? endOf(task) : task.created_at} inLink />
        {task.cost_usd !== 0 && ` · ${cost(task.cost_usd)}`}
      </span>
    </Link>
  );
}

function endOf(task: Brief): string {
  return task.ended_at ?? task.updated_at;
}
