/** Faults under care: all reports of one fault in one row, filtered by the address. */
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { Severity } from "@/components/badges";
import { ForeignText } from "@/components/foreign-text";
import { Empty, Failed, Loading } from "@/components/states";
import { When } from "@/components/when";
import { repoName } from "@/lib/format";
import { useKeys } from "@/lib/keys";
import { moveFocus } from "@/lib/rows";
import { GROUPS, statesOf, useIncidents, type Incident, type State } from "../api/use-incidents";
import { silence, StateBadge } from "./state-badge";
import "./incidents.css";

export interface IncidentFilters {
  state: string;
  q: string;
}

const TABS = [
  ["care", "Under care"],
  ["waiting", "Need you"],
  ["noise", "Noise"],
  ["settled", "Settled"],
  ["all", "All"],
] as const;
const TYPING_MS = 250;

interface Props {
  filters: IncidentFilters;
  onFilters: (filters: IncidentFilters) => void;
}

export function IncidentList({ filters, onFilters }: Props) {
  const listed = useIncidents(filters.state, filters.q);
  const list = useRef<HTMLUListElement>(null);
  const move = (by: number) => moveFocus(list.current, "a.row", by);
  useKeys({ j: () => move(1), k: () => move(-1) });
  const pages = listed.data?.pages ?? [];
  const incidents = pages.flatMap((page) => page.incidents);
  const counts = pages[0]?.counts;
  return (
    <>
      <div className="page-head">
        <h1>Incidents</h1>
      </div>
      <div className="group-tabs" role="group" aria-label="Which incidents">
        {TABS.map(([group, label]) => (
          <button
            key={group}
            type="button"
            aria-pressed={filters.state === group}
            onClick={() => onFilters({ ...filters, state: group })}
          >
            {label}
            {counts && <span className="tally">{tally(counts, group)}</span>}
          </button>
        ))}
        {!(filters.state in GROUPS) && (
          <button
            type="button"
            aria-pressed
            onClick={() => onFilters({ ...filters, state: "care" })}
          >
            {filters.state.replaceAll("_", " ")} ✕
          </button>
        )}
      </div>
      <Search key={filters.state} filters={filters} onFilters={onFilters} />
      {listed.isPending ? (
        <Loading what="incidents" rows={4} />
      ) : !listed.data ? (
        <Failed what="incidents" error={listed.error} retry={() => void listed.refetch()} />
      ) : incidents.length === 0 ? (
        <Nothing filters={filters} any={sum(counts, []) > 0} />
      ) : (
        <>
          <ul className="rows" ref={list} aria-label="Incidents">
            {incidents.map((incident) => (
              <Row key={incident.incident_id} incident={incident} />
            ))}
          </ul>
          {listed.hasNextPage && (
            <button
              type="button"
              className="more-rows"
              disabled={listed.isFetchingNextPage}
              onClick={() => void listed.fetchNextPage()}
            >
              {listed.isFetchingNextPage ? "Loading…" : "Show more"}
            </button>
          )}
        </>
      )}
    </>
  );
}

function Search({ filters, onFilters }: Props) {
  const [text, setText] = useState(filters.q);
  useEffect(() => {
    if (text === filters.q) return;
    const timer = setTimeout(() => onFilters({ ...filters, q: text }), TYPING_MS);
    return () => clearTimeout(timer);
  });
  return (
    <input
      type="search"
      className="incident-search"
      aria-label="Search incidents"
      placeholder="Title, ticket, repository or id"
      value={text}
      onChange={(event) => setText(event.target.value)}
    />
  );
}

function Row({ incident }: { incident: Incident }) {
  return (
    <li>
      <Link
        to="/incidents/$incidentId"
        params={{ incidentId: incident.incident_id }}
        className="row"
      >
        <span className="row-top">
          <Severity level={incident.severity} />
          <StateBadge incident={incident} />
          <span className="quiet">
            {incident.ticket ? `${incident.ticket} · ` : ""}
            {repoName(incident.repo)}
          </span>
          <span className="row-wait quiet">
            last seen <When at={incident.last_seen_at} inLink />
          </span>
        </span>
        <span className="row-title">
          <ForeignText text={incident.title} />
        </span>
        <span className="row-facts">
          <strong>seen {incident.count}×</strong>
          <span>
            first <When at={incident.first_seen_at} inLink />
          </span>
          {incident.silent && <span>{silence(incident)}</span>}
          {incident.regression_of && <span className="warn">came back</span>}
          {incident.reason && (
            <span className="quiet one-line">
              <ForeignText text={incident.reason} />
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

function Nothing({ filters, any }: { filters: IncidentFilters; any: boolean }) {
  if (filters.q) return <Empty title="No incident fits." />;
  if (any && filters.state === "care")
    return (
      <Empty title="No fault is under care.">
        <p>All that was reported is settled, or dismissed as noise.</p>
      </Empty>
    );
  if (any) return <Empty title="None is here now." />;
  return (
    <Empty title="No incidents yet.">
      <p>
        A report opens one: <Link to="/new">report a fault</Link>, or say <code>/fix</code> in a
        chat.
      </p>
    </Empty>
  );
}

function tally(counts: Record<string, number>, group: string): number {
  return sum(counts, statesOf(group));
}

/** How many are in these states; without one, how many there are. */
function sum(counts: Record<string, number> | undefined, states: readonly State[]): number {
  const named = states.length ? states : Object.keys(counts ?? {});
  return named.reduce((total, state) => total + (counts?.[state] ?? 0), 0);
}
