/**
 * The event stream, once per browser: the tab that holds a Web Lock opens it and relays to the
 * others. Plain TypeScript; what it needs of the browser comes in as `Surroundings`.
 */
import { paths } from "@/config/paths";

export interface AntonEvent {
  v: number;
  seq: number;
  ts: string;
  type: string;
  task_id: string;
  incident_id?: string;
  role?: string;
  data: Record<string, unknown>;
}

export type Connection = "connecting" | "live" | "reconnecting" | "signed_out";

/** A piece of what a model is saying now; not stored, and not numbered. */
export interface LivePart {
  type: "llm_delta" | "llm_snapshot";
  call_id: string;
  task_id: string;
  role: string;
  node: string;
  channel: "text" | "reasoning";
  /** Characters that were said before it. */
  offset: number;
  text: string;
}

export interface Listener {
  /** Events in order, none twice; batched. */
  events?: (events: readonly AntonEvent[]) => void;
  /** Something was missed for good: everything shown has to be fetched again. */
  resync?: (reason: string) => void;
  connection?: (state: Connection, lastHeardAt: number) => void;
  /** Words of a model, of the tasks that are watched. */
  live?: (part: LivePart) => void;
}

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

const BATCH_MS = 50;
const SILENCE_MS = 40_000;
const RETRY_MS = 2_000;
const RETRY_MAX_MS = 30_000;
const PAGE = 500;
const CLOSED = 2;
const WATCHED_MAX = 8;
/** A tab that is not heard of for so long watches nothing any more. */
const WATCH_MS = 60_000;
/** A call that was missed in part is asked for again, but not more often than this. */
const AGAIN_MS = 2_000;

interface Page {
  events: AntonEvent[];
  /** Number from which on no event was forgotten. */
  oldest: number;
}

type Relayed =
  | { kind: "event"; event: AntonEvent }
  | { kind: "sign"; seq: number }
  | { kind: "resync"; reason: string; seq: number }
  | { kind: "state"; state: Connection }
  | { kind: "live"; part: LivePart }
  | { kind: "who" }
  | { kind: "watch"; tab: string; tasks: string[]; again: boolean };

export class Stream {
  private readonly listeners = new Set<Listener>();
  private readonly channel: Channel;
  private source: Source | null = null;
  private leading: (() => void) | null = null;
  private waiting = new AbortController();
  private seen: number | null = null;
  private batch: AntonEvent[] = [];
  private cancelFlush: (() => void) | null = null;
  private cancelRetry: (() => void) | null = null;
  private cancelWatch: (() => void) | null = null;
  private turn = 0;
  private failures = 0;
  private heardAt: number;
  private state: Connection = "connecting";
  private stopped = false;
  private readonly tab: string;
  private mine: string[] = [];
  private readonly others = new Map<string, { tasks: string[]; heardAt: number }>();
  private opened = new Set<string>();
  private againAt = 0;

  constructor(private readonly around: Surroundings) {
    this.heardAt = around.now();
    this.tab = around.name();
    this.channel = around.channel();
    this.channel.onmessage = ({ data }) => this.relayed(data as Relayed);
  }

  /** Compete for the connection; `after` is the number up to which the page knows everything. */
  start(after: number | null): void {
    this.seen = after;
    this.compete(false);
    this.guard();
  }

  /** Hear what the models of these tasks say while they say it; instead of those before. */
  watch(tasks: readonly string[]): void {
    this.mine = [...tasks];
    this.wish(false);
  }

  /** Something of a call was missed: have all of it said again. */
  again(): void {
    if (this.around.now() < this.againAt) return;
    this.againAt = this.around.now() + AGAIN_MS;
    this.wish(true);
  }

  private wish(again: boolean): void {
    if (this.leads) this.rewatch(again);
    else this.post({ kind: "watch", tab: this.tab, tasks: this.mine, again });
  }

  private rewatch(again: boolean): void {
    const missing = [...this.watched()].some((task) => !this.opened.has(task));
    if ((missing || again) && this.source) this.open();
  }

  private watched(): Set<string> {
    const since = this.around.now() - WATCH_MS;
    for (const [tab, { heardAt }] of this.others) if (heardAt < since) this.others.delete(tab);
    const all = [this.mine, ...[...this.others.values()].map(({ tasks }) => tasks)];
    return new Set(all.flat().slice(0, WATCHED_MAX));
  }

  stop(): void {
    if (!this.leads && this.mine.length) this.watch([]);
    this.stopped = true;
    this.cancelRetry?.();
    this.cancelWatch?.();
    this.cancelFlush?.();
    this.waiting.abort();
    this.close();
    this.leading?.();
    this.channel.close();
  }

  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    listener.connection?.(this.state, this.heardAt);
    return () => this.listeners.delete(listener);
  }

  get leads(): boolean {
    return this.leading !== null;
  }

  /** The page woke up: catch up at once, whatever the connection claims. */
  async wake(): Promise<void> {
    if (this.stopped || this.seen === null) return;
    const caughtUp = await this.catchUp();
    if (this.leads && caughtUp) this.reopen();
  }

  private compete(steal: boolean): void {
    const turn = (this.turn += 1);
    this.waiting = new AbortController();
    const options = steal ? { steal } : { signal: this.waiting.signal };
    this.around
      .lock(() => {
        if (this.stopped) return Promise.resolve();
        return new Promise<void>((resolve) => {
          this.leading = resolve;
          this.open();
        });
      }, options)
      .catch(() => {
        if (turn === this.turn) this.deposed();
      });
  }

  /** Another tab took the lock, or this one stopped waiting for it. */
  private deposed(): void {
    if (!this.leading) return;
    this.leading = null;
    this.close();
    if (!this.stopped) this.compete(false);
  }

  private open(): void {
    this.close();
    this.opened = this.watched();
    const source = this.around.open(paths.stream(this.seen, [...this.opened]));
    this.source = source;
    source.onmessage = ({ data }) => this.heard(JSON.parse(data) as AntonEvent);
    source.addEventListener("hello", ({ data }) => {
      const { from } = JSON.parse(data) as { from: number };
      this.failures = 0;
      this.seen ??= from;
      this.sign(this.seen);
      this.tell({ kind: "who" });
    });
    source.addEventListener("live", ({ data }) => {
      const part = JSON.parse(data) as LivePart;
      this.hear(part);
      this.tell({ kind: "live", part });
    });
    source.addEventListener("heartbeat", () => {
      this.sign(this.seen ?? 0);
      this.tell({ kind: "who" });
    });
    source.addEventListener("resync", ({ data }) => {
      const { reason, latest } = JSON.parse(data) as { reason: string; latest: number };
      this.missed(reason, latest);
      this.tell({ kind: "resync", reason, seq: latest });
    });
    source.addEventListener("bye", ({ data }) => {
      const { reason, retry_ms } = JSON.parse(data) as { reason: string; retry_ms?: number };
      this.close();
      if (reason === "auth") this.announce("signed_out");
      else this.retry(retry_ms ?? RETRY_MS);
    });
    source.onerror = () => {
      if (this.source !== source) return;
      const refused = source.readyState === CLOSED;
      this.close();
      this.announce("reconnecting");
      if (refused) void this.askWhy();
      else this.retry(RETRY_MS);
    };
  }

  private close(): void {
    this.source?.close();
    this.source = null;
  }

  private reopen(): void {
    this.cancelRetry?.();
    if (this.leads && !this.stopped) this.open();
  }

  /** A refused EventSource says no status; the same question by fetch does. */
  private async askWhy(): Promise<void> {
    const status = await this.status();
    if (status === 401 || status === 403) this.announce("signed_out");
    else this.retry(RETRY_MS);
  }

  private async status(): Promise<number> {
    try {
      return (await this.around.fetch(paths.events(this.seen ?? 0, 1))).status;
    } catch {
      return 0;
    }
  }

  private retry(least: number): void {
    this.announce("reconnecting");
    this.failures += 1;
    const pause = Math.min(least * 2 ** (this.failures - 1), RETRY_MAX_MS);
    this.cancelRetry?.();
    this.cancelRetry = this.around.later(
      () => this.reopen(),
      pause * (0.75 + this.around.jitter() / 2),
    );
  }

  private async catchUp(): Promise<boolean> {
    try {
      for (;;) {
        const answer = await this.around.fetch(paths.events(this.seen ?? 0));
        if (answer.status !== 200) return answer.status >= 500;
        const { events, oldest } = (await answer.json()) as Page;
        if (this.seen && this.seen + 1 < oldest) {
          this.missed("too_old", oldest - 1);
          this.tell({ kind: "resync", reason: "too_old", seq: oldest - 1 });
        }
        for (const event of events) this.heard(event);
        if (events.length < PAGE) return true;
      }
    } catch {
      return true;
    }
  }

  private heard(event: AntonEvent): void {
    if (this.take(event)) this.tell({ kind: "event", event });
    this.sign(event.seq);
  }

  private hear(part: LivePart): void {
    this.heardAt = this.around.now();
    for (const listener of this.listeners) listener.live?.(part);
  }

  private take(event: AntonEvent): boolean {
    this.heardAt = this.around.now();
    if (this.seen !== null && event.seq <= this.seen) return false;
    this.seen = event.seq;
    this.batch.push(event);
    if (!this.around.visible()) this.flush();
    else this.cancelFlush ??= this.around.later(() => this.flush(), BATCH_MS);
    return true;
  }

  private flush(): void {
    this.cancelFlush?.();
    this.cancelFlush = null;
    const events = this.batch;
    this.batch = [];
    if (events.length) for (const listener of this.listeners) listener.events?.(events);
  }

  private missed(reason: string, latest: number): void {
    this.flush();
    this.seen = latest;
    for (const listener of this.listeners) listener.resync?.(reason);
  }

  private sign(seq: number): void {
    this.heardAt = this.around.now();
    this.setState("live");
    if (this.leads) this.tell({ kind: "sign", seq });
  }

  private announce(state: Connection): void {
    this.setState(state);
    this.tell({ kind: "state", state });
  }

  private setState(state: Connection): void {
    this.state = state;
    for (const listener of this.listeners) listener.connection?.(state, this.heardAt);
  }

  private tell(message: Relayed): void {
    if (this.leads) this.post(message);
  }

  private post(message: Relayed): void {
    this.channel.postMessage(message);
  }

  /** What the leading tab says; a gap in the numbers it vouches for is fetched. */
  private relayed(message: Relayed): void {
    if (this.leads) {
      if (message.kind === "watch") this.asked(message);
    } else if (message.kind === "watch") return;
    else if (message.kind === "who") this.wish(false);
    else if (message.kind === "live") this.hear(message.part);
    else if (message.kind === "event") {
      this.take(message.event);
      this.setState("live");
    } else if (message.kind === "resync") this.missed(message.reason, message.seq);
    else if (message.kind === "state") this.setState(message.state);
    else {
      this.heardAt = this.around.now();
      this.setState("live");
      if (this.seen === null) this.seen = message.seq;
      else if (message.seq > this.seen) void this.catchUp();
    }
  }

  private asked({ tab, tasks, again }: Extract<Relayed, { kind: "watch" }>): void {
    if (tasks.length) this.others.set(tab, { tasks, heardAt: this.around.now() });
    else this.others.delete(tab);
    this.rewatch(again);
  }

  /** Silence: the leader reopens, a visible follower takes over. */
  private guard(): void {
    this.cancelWatch = this.around.later(
      () => {
        const silent = this.around.now() - this.heardAt > SILENCE_MS;
        if (silent && this.leads && this.source) this.reopen();
        else if (silent && !this.leads && this.around.visible() && this.state !== "signed_out") {
          this.waiting.abort();
          this.compete(true);
        }
        this.guard();
      },
      SILENCE_MS / 4 + this.around.jitter() * 2_000,
    );
  }
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
