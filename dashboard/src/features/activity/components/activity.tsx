/** What happened: events, model calls, audit log, memory changes; filters stand in the address. */
import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Tabs } from "@/components/tabs";
import { EVENT_LABELS, isEventType } from "@/config/events";
import { useKeys } from "@/lib/keys";
import { useRoles, type Filters } from "../api/use-activity";
import { AuditLog, CallList, EventList, MemoryList } from "./lists";
import "./activity.css";

export const LISTS = ["events", "calls", "audit", "memory"] as const;
export type List = (typeof LISTS)[number];

interface Props {
  list: List;
  filters: Filters;
  onList: (list: List) => void;
  onFilters: (filters: Filters) => void;
}

export function Activity({ list, filters, onList, onFilters }: Props) {
  const step = (by: number) => {
    const next = LISTS[(LISTS.indexOf(list) + by + LISTS.length) % LISTS.length];
    if (next) onList(next);
  };
  useKeys({
    "[": () => step(-1),
    "]": () => step(1),
  });
  const key = JSON.stringify(filters);
  return (
    <div className="activity">
      <div className="page-head">
        <h1>Activity</h1>
      </div>
      <FilterBar list={list} filters={filters} onFilters={onFilters} />
      <Tabs label="Which log" tabs={LISTS} chosen={list} panel="panel" onChoose={onList} />
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${list}`} tabIndex={-1}>
        {list === "events" && <EventList key={key} filters={filters} />}
        {list === "calls" && <CallList filters={filters} />}
        {list === "audit" && <AuditLog filters={filters} />}
        {list === "memory" && <MemoryList filters={filters} />}
      </div>
    </div>
  );
}

const PATIENCE_MS = 300;

interface BarProps {
  list: List;
  filters: Filters;
  onFilters: (filters: Filters) => void;
}

function FilterBar({ list, filters, onFilters }: BarProps) {
  const [words, setWords] = useState(filters.q);
  const roles = useRoles().data ?? [];
  useEffect(() => {
    if (words === filters.q) return;
    const timer = setTimeout(() => onFilters({ ...filters, q: words }), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [words, filters, onFilters]);
  return (
    <div className="activity-filters">
      <input
        type="search"
        aria-label="Search"
        placeholder="Search"
        maxLength={200}
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      {list !== "audit" && (
        <select
          aria-label="Role"
          value={filters.role}
          onChange={(event) => onFilters({ ...filters, role: event.target.value })}
        >
          <option value="">Every role</option>
          {[...new Set([...roles, ...(filters.role ? [filters.role] : [])])].map((role) => (
            <option key={role}>{role}</option>
          ))}
        </select>
      )}
      {list === "events" && (
        <select
          aria-label="Kind of event"
          value={filters.type}
          onChange={({ target }) =>
            onFilters({ ...filters, type: isEventType(target.value) ? target.value : "" })
          }
        >
          <option value="">Every kind</option>
          {Object.entries(EVENT_LABELS).map(([type, label]) => (
            <option key={type} value={type}>
              {label}
            </option>
          ))}
        </select>
      )}
      {filters.task && list !== "memory" && (
        <span className="chip">
          <Link to="/tasks/$taskId" params={{ taskId: filters.task }}>
            Task {filters.task.slice(0, 8)}
          </Link>
          <button
            type="button"
            className="plain-button"
            aria-label="Show all tasks"
            onClick={() => onFilters({ ...filters, task: "" })}
          >
            ✕
          </button>
        </span>
      )}
      {filters.after > 0 && list === "events" && (
        <span className="chip">
          After event {filters.after}
          <button
            type="button"
            className="plain-button"
            aria-label="Show older events too"
            onClick={() => onFilters({ ...filters, after: 0 })}
          >
            ✕
          </button>
        </span>
      )}
    </div>
  );
}
