/** The stream for React: queries are refreshed by events, and everybody knows whether it is live. */
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useRef, useState, type ReactNode } from "react";
import { browser, Stream, type AntonEvent, type Connection } from "@/lib/stream";

interface Live {
  connection: Connection;
  heardAt: number;
}

const LiveContext = createContext<Live>({ connection: "connecting", heardAt: 0 });
const REFRESH_MS = 500;
const LISTS = new Set(["status", "end", "approval", "patch", "evidence"]);

export function useLive(): Live {
  return use(LiveContext);
}

/** Keys of the queries that an event makes stale. */
export function staleBy(event: AntonEvent): string[][] {
  const stale = [
    ["task", event.task_id],
    ["events", event.task_id],
  ];
  if (event.type === "approval") stale.push(["approvals"], ["approval"]);
  if (LISTS.has(event.type) || event.type === "node") stale.push(["tasks"]);
  return stale;
}

export function LiveProvider({ after, children }: { after: number; children: ReactNode }) {
  const queries = useQueryClient();
  const first = useRef(after);
  const [live, setLive] = useState<Live>({ connection: "connecting", heardAt: 0 });
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
        for (const event of events)
          for (const key of staleBy(event)) stale.set(JSON.stringify(key), key);
        timer ??= setTimeout(refresh, REFRESH_MS);
      },
      resync: () => void queries.invalidateQueries(),
      connection: (connection, heardAt) => {
        setLive((known) => (known.connection === connection ? known : { connection, heardAt }));
        if (connection === "signed_out") void queries.invalidateQueries({ queryKey: ["session"] });
      },
    });
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
      stream.stop();
    };
  }, [queries]);
  return <LiveContext value={live}>{children}</LiveContext>;
}
