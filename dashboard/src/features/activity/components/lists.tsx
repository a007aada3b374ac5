/** The four lists of Activity: events, model calls, audit log, memory changes. */
import { useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { Empty, Failed, Loading } from "@/components/states";
import type { LoggedEvent } from "@/lib/events";
import { useEvents } from "@/lib/live";
import { fits, useAudit, useCalls, useEventPages, useMemoryChanges } from "../api/use-activity";
import type { Filters } from "../api/use-activity";
import { useFlow, type Flow } from "../api/use-flow";
import { AuditRow, CallRow, EventRow, MemoryRow } from "./rows";
import { VirtualRows } from "./virtual-rows";

/** Rows that are given at once where there are no pages. */
const LATEST_MAX = 200;
/** New events that are kept beside the pages; above, the pages are fetched anew. */
const FRESH_MAX = 1_000;

export function EventList({ filters }: { filters: Filters }) {
  const queries = useQueryClient();
  const pages = useEventPages(filters);
  const [fresh, setFresh] = useState<readonly LoggedEvent[]>([]);
  const [upTo, setUpTo] = useState(0);
  const flow = useFlow(() => setUpTo(Infinity));
  const stored = pages.data?.pages.flatMap((page) => page.events) ?? [];
  const newest = pages.data?.pages[0]?.as_of_seq ?? 0;
  useEvents((events) => {
    const found = (events as readonly LoggedEvent[]).filter((event) => fits(event, filters));
    if (!found.length) return;
    if (fresh.length > FRESH_MAX) {
      setFresh([]);
      void queries.invalidateQueries({ queryKey: ["activity", filters] });
      return;
    }
    const last = fresh.at(-1)?.seq ?? newest;
    setUpTo((known) => (known === Infinity ? last : known));
    setFresh((known) => [...known, ...found]);
    flow.offer(found.length);
  });
  const shown = fresh.filter((event) => event.seq > newest && event.seq <= upTo).reverse();
  return (
    <Shown
      what="events"
      state={pages}
      rows={[...shown, ...stored]}
      flow={flow}
      keyOf={(event) => event.seq}
      draw={(event) => <EventRow event={event} />}
      empty="No event fits."
      more={pages}
    />
  );
}

export function CallList({ filters }: { filters: Filters }) {
  const calls = useCalls(filters);
  const flow = useFlow(() => void calls.refetch());
  useEvents((events) => {
    const ended = events.filter(
      (event) =>
        event.type === "llm_end" &&
        fits(event as LoggedEvent, { ...filters, type: "", q: "", after: 0 }),
    );
    if (ended.length) flow.offer(ended.length);
  });
  return (
    <Shown
      what="model calls"
      state={calls}
      rows={calls.data ?? []}
      flow={flow}
      keyOf={(call) => call.id}
      draw={(call) => <CallRow call={call} />}
      empty="No model call fits."
      end={atMost(calls.data, "These are the last 200 calls.")}
    />
  );
}

/** Events after which there is something new in the audit log. */
const AUDITED = new Set(["approval", "effect", "identity", "pull_request", "status"]);

export function AuditLog({ filters }: { filters: Filters }) {
  const audit = useAudit(filters);
  const flow = useFlow(() => void audit.refetch());
  useEvents((events) => {
    const audited = events.filter((event) => AUDITED.has(event.type));
    if (audited.length) flow.offer(audited.length);
  });
  return (
    <Shown
      what="the audit log"
      state={audit}
      rows={audit.data?.pages.flatMap((page) => page.entries) ?? []}
      flow={flow}
      keyOf={(entry) => entry.number}
      draw={(entry) => <AuditRow entry={entry} />}
      empty="No entry fits."
      more={audit}
    />
  );
}

export function MemoryList({ filters }: { filters: Filters }) {
  const changes = useMemoryChanges(filters);
  const flow = useFlow(() => void changes.refetch());
  useEvents((events) => {
    const changed = events.filter((event) => event.type === "identity");
    if (changed.length) flow.offer(changed.length);
  });
  return (
    <Shown
      what="changes of memory"
      state={changes}
      rows={changes.data ?? []}
      flow={flow}
      keyOf={(change) => `${change.role}:${change.version}:${change.ts}`}
      draw={(change) => <MemoryRow change={change} />}
      empty="No role has changed what it knows."
      end={atMost(changes.data, "These are the last 200 changes.")}
    />
  );
}

/** The words, where as many rows came as are given at once. */
function atMost(rows: readonly unknown[] | undefined, words: string): string | undefined {
  return rows && rows.length >= LATEST_MAX ? words : undefined;
}

interface State {
  isPending: boolean;
  isError: boolean;
  error: Error | null;
  data: unknown;
  refetch: () => unknown;
}

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

interface ShownProps<T> {
  what: string;
  state: State;
  rows: readonly T[];
  flow: Flow;
  keyOf: (row: T) => string | number;
  draw: (row: T) => ReactNode;
  empty: string;
  more?: Pages;
  /** Said below the last row, where there are rows. */
  end?: string;
}

function Shown<T>(props: ShownProps<T>) {
  const { what, state, rows, flow, keyOf, draw, empty, more, end } = props;
  if (state.isPending) return <Loading what={what} rows={6} />;
  if (state.data === undefined)
    return <Failed what={what} error={state.error} retry={() => void state.refetch()} />;
  const foot = more?.isFetchingNextPage
    ? "Loading older ones…"
    : more?.hasNextPage
      ? "Scroll for older ones."
      : (end ?? "This is the beginning.");
  return (
    <>
      <div className="log-flow">
        <button
          type="button"
          aria-pressed={flow.paused}
          onClick={() => flow.setPaused(!flow.paused)}
        >
          {flow.paused ? "▶ Resume" : "❚❚ Pause"}
        </button>
        <span role="status">
          {flow.waiting > 0 && (
            <button type="button" className="primary" onClick={flow.show}>
              ↑ {flow.waiting} new, show
            </button>
          )}
        </span>
        {state.isError && (
          <span className="bad">Could not be refreshed: {state.error?.message}</span>
        )}
      </div>
      {rows.length === 0 && !more?.hasNextPage ? (
        <Empty title={empty} />
      ) : (
        <VirtualRows
          label={what}
          rows={rows}
          keyOf={keyOf}
          draw={draw}
          reading={flow.reading}
          foot={
            rows.length === 0 && more?.hasNextPage ? (
              <button type="button" onClick={() => void more.fetchNextPage()}>
                Nothing yet. Search further back
              </button>
            ) : (
              foot
            )
          }
          onEnd={() => {
            if (more?.hasNextPage && !more.isFetchingNextPage) void more.fetchNextPage();
          }}
        />
      )}
    </>
  );
}
