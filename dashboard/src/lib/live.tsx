/** The stream for React: queries are refreshed by events, and everybody knows whether it is live. */
import { useQueryClient } from "@tanstack/react-query";
import {
  createContext,
  use,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import { Voices, type Speech } from "@/lib/live-text";
import type { AntonEvent, Connection } from "@/lib/stream/said";
import { Stream } from "@/lib/stream/stream";
import { browser } from "@/lib/stream/surroundings";

type Heard = (events: readonly AntonEvent[]) => void;

interface Live {
  connection: Connection;
  heardAt: number;
  /** Who wants each event, and not only fresh queries. */
  ears: Set<Heard>;
}

const LiveContext = createContext<Live>({
  connection: "connecting",
  heardAt: 0,
  ears: new Set(),
});
const REFRESH_MS = 500;
const LISTS = new Set(["status", "end", "approval", "patch", "evidence"]);

const VoicesContext = createContext<Voices>(new Voices());

export function useLive(): Live {
  return use(LiveContext);
}

/** Hear every event as it comes, in order and in batches. */
export function useEvents(heard: Heard): void {
  const { ears } = use(LiveContext);
  const latest = useRef(heard);
  useEffect(() => {
    latest.current = heard;
  });
  useEffect(() => {
    const ear: Heard = (events) => latest.current(events);
    ears.add(ear);
    return () => void ears.delete(ear);
  }, [ears]);
}

/** Hear what the models of a task are saying, while the component is there and it is wanted. */
export function useWatch(task: string, wanted: boolean): void {
  const voices = use(VoicesContext);
  useEffect(() => (wanted ? voices.watch(task) : undefined), [voices, task, wanted]);
}

/** What a call under way has said so far. */
export function useSpeech(callId: string): Speech {
  const { texts } = use(VoicesContext);
  return useSyncExternalStore(texts.listen, () => texts.of(callId));
}

/** Keys of the queries that an event makes stale. */
export function staleBy(event: AntonEvent): string[][] {
  const stale = [
    ["task", event.task_id],
    ["events", event.task_id],
  ];
  if (event.type === "llm_end") stale.push(["calls", event.task_id]);
  if (event.type === "approval") stale.push(["approvals"], ["approval"]);
  if (LISTS.has(event.type) || event.type === "node") stale.push(["tasks"], ["overview"]);
  if (event.type === "incident") stale.push(["incidents"], ["incident"], ["overview"]);
  if (event.type === "alert" || event.type === "budget") stale.push(["overview"]);
  if (event.type === "end") stale.push(["stats"]);
  if (event.type === "identity") stale.push(["identities"]);
  return stale;
}

export function LiveProvider({ after, children }: { after: number; children: ReactNode }) {
  const queries = useQueryClient();
  const first = useRef(after);
  const [live, setLive] = useState<Live>(() => ({
    connection: "connecting",
    heardAt: 0,
    ears: new Set(),
  }));
  const { ears } = live;
  const [voices] = useState(() => new Voices());
  useEffect(() => {
    const stream = new Stream(browser());
    const stale = new Map<string, string[]>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const refresh = () => {
      timer = undefined;
      for (const queryKey of stale.values()) void queries.invalidateQueries({ queryKey });
      stale.clear();
    };
    stream.listen({
      events: (events) => {
        for (const ear of ears) ear(events);
        for (const event of events)
          for (const key of staleBy(event)) stale.set(JSON.stringify(key), key);
        timer ??= setTimeout(refresh, REFRESH_MS);
      },
      resync: () => void queries.invalidateQueries(),
      live: (part) => voices.hear(part),
      connection: (connection, heardAt) => {
        setLive((known) =>
          known.connection === connection ? known : { ...known, connection, heardAt },
        );
        if (connection === "signed_out") void queries.invalidateQueries({ queryKey: ["session"] });
      },
    });
    voices.attach(stream);
    stream.start(first.current);
    const wake = () => {
      if (document.visibilityState === "visible") void stream.wake();
    };
    const restored = (event: PageTransitionEvent) => event.persisted && wake();
    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", restored);
    return () => {
      document.removeEventListener("visibilitychange", wake);
      window.removeEventListener("online", wake);
      window.removeEventListener("pageshow", restored);
      clearTimeout(timer);
      voices.attach(null);
      stream.stop();
    };
  }, [queries, ears, voices]);
  return (
    <LiveContext value={live}>
      <VoicesContext value={voices}>{children}</VoicesContext>
    </LiveContext>
  );
}
