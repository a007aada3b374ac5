/** What the stream needs of a browser, so that tests can be one. */

export interface Source {
  onmessage: ((message: { data: string }) => void) | null;
  onerror: (() => void) | null;
  addEventListener(name: string, heard: (message: { data: string }) => void): void;
  readonly readyState: number;
  close(): void;
}

export interface Channel {
  onmessage: ((message: { data: unknown }) => void) | null;
  postMessage(message: unknown): void;
  close(): void;
}

export interface Surroundings {
  open(url: string): Source;
  channel(): Channel;
  /** Calls `lead` once this tab holds the lock, until its promise settles; `steal` takes it. */
  lock(
    lead: () => Promise<void>,
    options: { signal?: AbortSignal; steal?: boolean },
  ): Promise<void>;
  fetch(url: string): Promise<{ status: number; json(): Promise<unknown> }>;
  now(): number;
  later(run: () => void, ms: number): () => void;
  /** From 0 to 1. */
  jitter(): number;
  /** What tells this tab from others. */
  name(): string;
  visible(): boolean;
}

/** The real browser; over plain HTTP from afar it has no locks, and each tab its own stream. */
export function browser(): Surroundings {
  return {
    open: (url) => new EventSource(url) as unknown as Source,
    channel: () => new BroadcastChannel("anton-stream") as unknown as Channel,
    lock: async (lead, options) => {
      const locks = navigator.locks as LockManager | undefined;
      await (locks ? locks.request("anton-stream", options, lead) : lead());
    },
    fetch: (url) => fetch(url),
    now: () => Date.now(),
    later: (run, ms) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    jitter: () => Math.random(),
    name: () => Math.random().toString(36).slice(2),
    visible: () => document.visibilityState === "visible",
  };
}
