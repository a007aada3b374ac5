/** Where every task stands: columns by step, or a table; view and filters stand in the address. */
import { Link } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import { nodeLabel } from "@/config/nodes";
import { repoName, statusWords } from "@/lib/format";
import { useBoard, type Brief } from "../api/use-board";
import { fits, NO_FILTERS, sorted, type Filters } from "./columns";
import { Kanban } from "./kanban";
import { TaskTable } from "./task-table";
import "./board.css";

const SEVERITIES = ["P0", "P1", "P2", "P3", "P4"];
const NARROWING = ["q", "severity", "status", "outcome", "node", "repo", "source"] as const;
const STATUSES = ["queued", "running", "waiting_for_input", "completed", "failed", "cancelled"];

interface Props {
  filters: Filters;
  onFilters: (filters: Filters) => void;
}

export function Board({ filters, onFilters }: Props) {
  const listed = useBoard();
  const [more, setMore] = useState(false);
  const chosen = useDeferredValue(filters);
  const all = listed.data?.tasks;
  const tasks = useMemo(
    () =>
      sorted(
        (all ?? []).filter((task) => fits(task, chosen)),
        chosen.view === "table" ? chosen.sort : "severity",
      ),
    [all, chosen],
  );
  const put = (name: keyof Filters, value: string) => onFilters({ ...filters, [name]: value });
  return (
    <>
      <div className="page-head">
        <h1>Board</h1>
        {all && <span className="quiet">{tallied(tasks.length, all.length, listed.data)}</span>}
        <div className="segments" role="group" aria-label="View">
          {(["kanban", "table"] as const).map((view) => (
            <button
              key={view}
              type="button"
              aria-pressed={filters.view === view}
              onClick={() => put("view", view)}
            >
              {view === "kanban" ? "Columns" : "Table"}
            </button>
          ))}
        </div>
      </div>
      <div className={more ? "board-filters" : "board-filters filters-few"}>
        <input
          type="search"
          aria-label="Search tasks"
          placeholder="Title, ticket, repository"
          value={filters.q}
          onChange={(event) => put("q", event.target.value)}
        />
        <Choice label="Severity" name="severity" options={SEVERITIES} {...{ filters, put }} />
        <button
          type="button"
          className="more-filters"
          aria-expanded={more}
          onClick={() => setMore(!more)}
        >
          Filters
        </button>
        {filters.view === "table" && (
          <>
            <Choice label="Status" name="status" options={STATUSES} {...{ filters, put }} />
            <Choice
              label="Outcome"
              name="outcome"
              options={of(all, "outcome")}
              {...{ filters, put }}
            />
            <Choice label="Step" name="node" options={of(all, "node")} {...{ filters, put }} />
          </>
        )}
        <Choice label="Repository" name="repo" options={of(all, "repo")} {...{ filters, put }} />
        <Choice label="Source" name="source" options={of(all, "source")} {...{ filters, put }} />
        {filtered(filters) && (
          <button
            type="button"
            onClick={() => onFilters({ ...NO_FILTERS, view: filters.view, sort: filters.sort })}
          >
            Clear
          </button>
        )}
      </div>
      {listed.isPending ? (
        <Loading what="tasks" rows={6} />
      ) : !all ? (
        <Failed what="tasks" error={listed.error} retry={() => void listed.refetch()} />
      ) : all.length === 0 ? (
        <Empty title="No tasks yet.">
          <p>
            <Link to="/new">Report a fault</Link>, or run <code>python main.py demo</code>.
          </p>
        </Empty>
      ) : tasks.length === 0 ? (
        <Empty title="No task fits." />
      ) : filters.view === "table" ? (
        <TaskTable tasks={tasks} sort={filters.sort} onSort={(sort) => put("sort", sort)} />
      ) : (
        <Kanban tasks={tasks} />
      )}
    </>
  );
}

type Named = "severity" | "status" | "outcome" | "node" | "repo" | "source";

interface ChoiceProps {
  label: string;
  name: Named;
  options: readonly string[];
  filters: Filters;
  put: (name: Named, value: string) => void;
}

function Choice({ label, name, options, filters, put }: ChoiceProps) {
  const chosen = filters[name];
  const shown = chosen && !options.includes(chosen) ? [...options, chosen] : options;
  return (
    <select aria-label={label} value={chosen} onChange={(event) => put(name, event.target.value)}>
      <option value="">{label}: any</option>
      {shown.map((option) => (
        <option key={option} value={option}>
          {named(name, option)}
        </option>
      ))}
    </select>
  );
}

function named(name: Named, option: string): string {
  if (name === "node") return nodeLabel(option);
  if (name === "repo") return repoName(option);
  return statusWords(option);
}

function of(tasks: readonly Brief[] | undefined, name: Exclude<Named, "severity">): string[] {
  const found = new Set(tasks?.map((task) => task[name] ?? ""));
  found.delete("");
  return [...found].sort();
}

function filtered(filters: Filters): boolean {
  return NARROWING.some((name) => filters[name]);
}

function tallied(shown: number, all: number, page: { next_cursor: string | null } | undefined) {
  const known = page?.next_cursor ? `the last ${all.toLocaleString()}` : all.toLocaleString();
  return shown === all ? `${known} tasks` : `${shown.toLocaleString()} of ${known} tasks`;
}
