/** Where every task stands, as a table; filters stand in the address. */
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { Severity, Status } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { nodeLabel } from "@/config/nodes";
import type { TaskFacts } from "@/lib/api";
import { cost, repoName } from "@/lib/format";
import { useTasks } from "../api/use-tasks";

export interface Filters {
  q: string;
  status: string;
}

const STATUSES = ["queued", "running", "waiting_for_input", "completed", "failed", "cancelled"];

interface Props {
  filters: Filters;
  onFilters: (filters: Filters) => void;
}

export function Board({ filters, onFilters }: Props) {
  const listed = useTasks();
  const tasks = useMemo(
    () => (listed.data?.tasks ?? []).filter((task) => fits(task, filters)),
    [listed.data, filters],
  );
  return (
    <>
      <div className="page-head">
        <h1>Board</h1>
      </div>
      <div className="filters">
        <input
          type="search"
          aria-label="Search tasks"
          placeholder="Title, ticket, repository"
          value={filters.q}
          onChange={(event) => onFilters({ ...filters, q: event.target.value })}
        />
        <select
          aria-label="Status"
          value={filters.status}
          onChange={(event) => onFilters({ ...filters, status: event.target.value })}
        >
          <option value="">Every status</option>
          {STATUSES.map((status) => (
            <option key={status} value={status}>
              {status === "waiting_for_input" ? "needs you" : status}
            </option>
          ))}
        </select>
      </div>
      {listed.isPending ? (
        <Loading what="tasks" rows={6} />
      ) : !listed.data ? (
        <Failed what="tasks" error={listed.error} retry={() => void listed.refetch()} />
      ) : listed.data.tasks.length === 0 ? (
        <Empty title="No tasks yet.">
          <p>
            <Link to="/new">Report a fault</Link>, or run <code>python main.py demo</code>.
          </p>
        </Empty>
      ) : tasks.length === 0 ? (
        <Empty title="No task fits." />
      ) : (
        <Table tasks={tasks} />
      )}
    </>
  );
}

function Table({ tasks }: { tasks: readonly TaskFacts[] }) {
  return (
    <table className="board">
      <caption className="visually-hidden">Tasks, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Task</th>
          <th scope="col">Status</th>
          <th scope="col">Step</th>
          <th scope="col">Cost</th>
          <th scope="col">Begun</th>
        </tr>
      </thead>
      <tbody>
        {tasks.map((task) => (
          <tr key={task.task_id}>
            <td>
              <Severity level={task.severity} />{" "}
              <Link to="/tasks/$taskId" params={{ taskId: task.task_id }}>
                <ForeignText text={task.title} />
              </Link>
              <span className="quiet board-sub">
                {task.ticket && `${task.ticket} · `}
                {repoName(task.repo)}
              </span>
            </td>
            <td>
              <Status status={task.status} outcome={task.outcome} />
            </td>
            <td data-label="Step">{task.current_agent ? nodeLabel(task.current_agent) : "–"}</td>
            <td data-label="Cost">{cost(task.total_cost_usd)}</td>
            <td data-label="Begun">
              <When at={task.created_at} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function fits(task: TaskFacts, { q, status }: Filters): boolean {
  const text = `${task.title} ${task.ticket ?? ""} ${task.repo} ${task.task_id}`.toLowerCase();
  return (!status || task.status === status) && text.includes(q.trim().toLowerCase());
}
