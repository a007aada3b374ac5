import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { EventType } from "@/config/events";
import { answerOf, api, type Schemas } from "@/lib/api";
import type { LoggedEvent } from "@/lib/events";

export type Call = Schemas["CallLine"];
export type AuditEntry = Schemas["AuditFacts"];
export type MemoryChange = Schemas["MemoryChange"];

export interface Filters {
  task: string;
  role: string;
  type: EventType | "";
  q: string;
  /** Only events with a greater number. */
  after: number;
}

const PAGE = 100;
const SEARCHED_MAX = 5;

/** Events that fit, newest first, page by page. */
export function useEventPages(filters: Filters) {
  return useInfiniteQuery({
    queryKey: ["activity", filters],
    placeholderData: keepPreviousData,
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => searched(filters, pageParam),
    getNextPageParam: (page) => page.next_before ?? undefined,
  });
}

/** One page; a stretch of the log that holds nothing that fits is passed over, some at most. */
async function searched({ task, role, type, q, after }: Filters, before: number | undefined) {
  const narrowed = { task, role, q, after, limit: PAGE, type: type ? [type] : undefined };
  for (let tried = 1, from = before; ; tried += 1) {
    const query = { ...narrowed, before: from };
    const page = await answerOf(api.GET("/events/search", { params: { query } }));
    if (page.events.length || !page.next_before || tried === SEARCHED_MAX) return page;
    from = page.next_before;
  }
}

/** Whether an event of the stream belongs to what is shown. */
export function fits(event: LoggedEvent, { task, role, type, q, after }: Filters): boolean {
  return (
    event.seq > after &&
    (!task || event.task_id.startsWith(task)) &&
    (!role || event.role === role) &&
    (!type || event.type === type) &&
    (!q.trim() || JSON.stringify(event).toLowerCase().includes(q.trim().toLowerCase()))
  );
}

/** The latest model calls; words are looked for in what was fetched. */
export function useCalls({ task, role, q }: Filters) {
  return useQuery({
    queryKey: ["calls", "latest", task, role],
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const query = { task, role, limit: 200 };
      return (await answerOf(api.GET("/logs", { params: { query } }))).calls;
    },
    select: (calls) => calls.filter((call) => says(call, q)),
  });
}

export function useAudit({ task, q }: Filters) {
  return useInfiniteQuery({
    queryKey: ["audit", task, q],
    placeholderData: keepPreviousData,
    initialPageParam: undefined as number | undefined,
    queryFn: ({ pageParam }) => {
      const query = { task, q, before: pageParam, limit: PAGE };
      return answerOf(api.GET("/audit", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_before ?? undefined,
  });
}

export function useMemoryChanges({ role, q }: Filters) {
  return useQuery({
    queryKey: ["memory-changes", role],
    placeholderData: keepPreviousData,
    queryFn: async () => {
      const query = { role, limit: 200 };
      return (await answerOf(api.GET("/memory-changes", { params: { query } }))).changes;
    },
    select: (changes) => changes.filter((change) => says(change, q)),
  });
}

/** Names of all roles, to choose from. */
export function useRoles() {
  return useQuery({
    queryKey: ["identities", "all"],
    queryFn: async () => (await answerOf(api.GET("/identities"))).identities,
    select: (identities) => identities.map((one) => one.role),
  });
}

function says(row: object, q: string): boolean {
  const words = q.trim().toLowerCase();
  return !words || JSON.stringify(Object.values(row)).toLowerCase().includes(words);
}
